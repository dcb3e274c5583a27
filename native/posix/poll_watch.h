// Waits on Node's loop until a descriptor is ready. JS thread only.
#pragma once
#include "posix/open_handles.h"

namespace framepipe::posix {

class PollWatch {
 public:
  class Owner {
   public:
    // `status` < 0: the kernel reports an error on the descriptor, and nothing is watched any more.
    virtual void polled(int status, int events) = 0;

   protected:
    ~Owner() = default;
  };

  // The peer's hanging up is always reported, but libuv waits for nothing unless it is asked for
  // something: this asks for what never comes without the kernel's out-of-band byte.
  static constexpr int kHangUpOnly = UV_PRIORITIZED;

  PollWatch() = default;
  PollWatch(const PollWatch&) = delete;
  PollWatch& operator=(const PollWatch&) = delete;
  ~PollWatch() { close(); }

  // 0, or a negative errno.
  int open(uv_loop_t* loop, OpenHandles& handles, int fd, Owner& owner);

  // What to wait for, 0 for nothing. A change costs two system calls.
  void want(int events);
  int wanted() const { return wanted_; }

  // The descriptor may be closed right afterwards. Idempotent.
  void close();

 private:
  using Handle = OpenHandle<uv_poll_t, PollWatch>;
  static void ready(uv_poll_t* poll, int status, int events);

  Owner* owner_ = nullptr;
  Handle* handle_ = nullptr;
  int wanted_ = 0;
};

}  // namespace framepipe::posix
