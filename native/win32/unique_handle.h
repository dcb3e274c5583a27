// Owns a kernel handle, or memory that LocalFree() takes back. One thread at a time.
#pragma once
#include <windows.h>

#include <utility>

namespace framepipe::win32 {

class UniqueHandle {
 public:
  UniqueHandle() = default;
  // INVALID_HANDLE_VALUE counts as none, so that what CreateFile returns may be given as it is.
  explicit UniqueHandle(HANDLE handle) : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle) {}
  UniqueHandle(UniqueHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    other.reset();
    return *this;
  }
  ~UniqueHandle() { reset(); }

  HANDLE get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }
  HANDLE* out() { return &handle_; }
  // Whoever takes it closes it.
  HANDLE release() { return std::exchange(handle_, nullptr); }
  void reset() {
    if (handle_) CloseHandle(std::exchange(handle_, nullptr));
  }

 private:
  HANDLE handle_ = nullptr;
};

template <class T>
class UniqueLocal {
 public:
  UniqueLocal() = default;
  UniqueLocal(const UniqueLocal&) = delete;
  UniqueLocal& operator=(const UniqueLocal&) = delete;
  ~UniqueLocal() {
    if (memory_) LocalFree(memory_);
  }

  T get() const { return memory_; }
  T* out() { return &memory_; }

 private:
  T memory_ = nullptr;
};

}  // namespace framepipe::win32
