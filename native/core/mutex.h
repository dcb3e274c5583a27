// The platform's own light lock, for std::lock_guard and std::unique_lock. Some libraries' std::mutex makes a kernel
// object, and system calls, as soon as two threads meet. Any thread.
#pragma once
#include <atomic>
#include <cstdint>

namespace framepipe {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept;
  void unlock() noexcept;

 private:
  alignas(8) std::atomic<uint32_t> words_[2]{};  // a futex, or an SRWLOCK
};

}  // namespace framepipe
