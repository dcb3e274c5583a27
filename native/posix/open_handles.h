// The libuv handles that a loop has open: it may only go when the last close callback ran.
// JS thread only.
#pragma once
#include <uv.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace framepipe::posix {

class OpenHandles {
 public:
  using Done = void (*)(void*);

  void opened() { ++open_; }

  // May end the loop that owns this: nothing is touched afterwards.
  void closed() {
    if (--open_ == 0) tell();
  }

  // Calls `done` when none is open: at once, or from the last close callback.
  void whenNone(Done done, void* argument) {
    waiting_.emplace_back(done, argument);
    if (open_ == 0) tell();
  }

 private:
  void tell() {
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& [done, argument] : waiting) done(argument);
  }

  size_t open_ = 0;
  std::vector<std::pair<Done, void*>> waiting_;
};

// One of them, libuv's until its close callback. It keeps no process alive: Host::retain() does.
template <class Kind, class Owner>
struct OpenHandle : Kind {
  Owner* owner;
  OpenHandles* handles;

  void opened(Owner& by, OpenHandles& among) {
    owner = &by;
    handles = &among;
    uv_unref(base());
    handles->opened();
  }

  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(static_cast<Kind*>(this)); }

  static OpenHandle& of(Kind* kind) { return static_cast<OpenHandle&>(*kind); }

  // `handle` is null afterwards. Nothing is called back any more.
  static void close(OpenHandle*& handle) {
    if (!handle) return;
    uv_close(std::exchange(handle, nullptr)->base(), [](uv_handle_t* closed) {
      OpenHandle* gone = &of(reinterpret_cast<Kind*>(closed));
      OpenHandles* handles = gone->handles;
      delete gone;
      handles->closed();
    });
  }
};

}  // namespace framepipe::posix
