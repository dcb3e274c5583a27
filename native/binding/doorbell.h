// Wakes the JS thread: rung from any thread, answered once however often it was rung meanwhile.
#pragma once
#include <uv.h>

#include <atomic>

#include "core/event_queue.h"

namespace framepipe {

class Doorbell {
 public:
  Doorbell() = default;
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // JS thread. `answer(argument)` is called on it, in a callback of Node's loop, some time after ring().
  // 0, or a negative errno.
  int open(uv_loop_t* loop, void (*answer)(void*), void* argument);

  // Any thread, between open() and close().
  void ring() noexcept;

  // JS thread, in an answer: waits until `until` (uv_hrtime) for a ring, without falling asleep. True: there was one, or
  // it was missed, for `events` has some.
  bool listen(uint64_t until, EventQueue& events) noexcept;

  // JS thread: whether an unanswered ring, or one still to come, keeps the process alive.
  void keepAlive(bool on) noexcept;

  // JS thread, once, when no other thread can ring any more. `closed(argument)` is called when libuv needs this no longer.
  void close(void (*closed)(void*)) noexcept;

 private:
  enum class Thread : uint8_t { Elsewhere, Listening, Called };  // what JavaScript's is doing

  uv_async_t bell_;
  void (*answer_)(void*) = nullptr;
  void (*closed_)(void*) = nullptr;
  void* argument_ = nullptr;
  std::atomic<Thread> thread_{Thread::Elsewhere};
};

}  // namespace framepipe
