// A thread of the system's, which may be left to itself when it does not come back. The platform's own.
#pragma once
#include <cstdint>
#include <utility>

namespace framepipe {

class SystemThread {
 public:
  SystemThread() = default;  // no thread
  SystemThread(SystemThread&& other) noexcept : handle_(std::exchange(other.handle_, 0)) {}
  SystemThread& operator=(SystemThread&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  // Calls body(argument) on a new thread; 0, or the system's error. std::thread would end the process when there is none:
  // here no exceptions are thrown. The calling thread acts as nobody, for on Linux the new one inherits that.
  int start(void (*body)(void*), void* argument) noexcept;

  explicit operator bool() const { return handle_ != 0; }

  void join() noexcept;

  // Never joined: the module that holds its code stays loaded from now on.
  void abandon() noexcept;

  // Windows: the system call that the thread is in fails; one that it begins later does not, so it may take more than one
  // attempt: true. Elsewhere only signals cut a call short, and they are the program's and the C library's: false.
  bool interrupt() noexcept;

 private:
  uintptr_t handle_ = 0;
};

}  // namespace framepipe
