// Wakes the JS thread: rung from any thread, answered once however often it was rung meanwhile.
#pragma once
#include <node_api.h>

#include <atomic>

namespace framepipe {

class Doorbell {
 public:
  // JS thread. `answer(argument)` is called on it, inside a callback scope, some time after ring().
  napi_status open(napi_env env, void (*answer)(void*), void* argument);

  // Any thread, between open() and close().
  void ring() noexcept;

  // JS thread: whether an unanswered ring, or one still to come, keeps the process alive.
  void keepAlive(bool on) noexcept;

  // JS thread, when no other thread can ring any more. Idempotent.
  void close() noexcept;

 private:
  static void answered(napi_env env, napi_value, void* context, void*);

  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
  void (*answer_)(void*) = nullptr;
  void* argument_ = nullptr;
  std::atomic<bool> rung_{false};
};

}  // namespace framepipe
