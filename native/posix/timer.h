// Calls back once, later. For what the kernel announces to nobody: that a peer has read all that was sent, that
// descriptors are free again, that nothing has happened for long. JS thread only.
#pragma once
#include "posix/open_handles.h"

namespace framepipe::posix {

class Timer {
 public:
  class Owner {
   public:
    virtual void elapsed() = 0;

   protected:
    ~Owner() = default;
  };

  explicit Timer(Owner& owner) : owner_(owner) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { close(); }

  // Starts over when it runs already.
  void start(uv_loop_t* loop, OpenHandles& handles, uint64_t milliseconds);

  // Stops it, and gives libuv's handle back. Idempotent; start() may follow.
  void close() { Handle::close(handle_); }

 private:
  using Handle = OpenHandle<uv_timer_t, Owner>;

  Owner& owner_;
  Handle* handle_ = nullptr;
};

}  // namespace framepipe::posix
