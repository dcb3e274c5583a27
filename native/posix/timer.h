// Calls back once, later. For the two things the kernel announces to nobody: that a peer has read
// all that was sent, and that descriptors are free again. It keeps no process alive. JS thread only.
#pragma once
#include <uv.h>

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
  bool running() const { return handle_ && uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_)); }

  // Stops it, and gives libuv's handle back. Idempotent; start() may follow.
  void close();

 private:
  struct Handle;

  Owner& owner_;
  Handle* handle_ = nullptr;  // libuv's until its close callback
};

}  // namespace framepipe::posix
