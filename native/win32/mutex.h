// Windows' own light lock, for std::lock_guard and std::unique_lock. Some libraries' std::mutex makes a
// kernel object and system calls of its own as soon as two threads meet.
#pragma once
#include <windows.h>

namespace framepipe::win32 {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept { AcquireSRWLockExclusive(&lock_); }
  void unlock() noexcept { ReleaseSRWLockExclusive(&lock_); }

  // Locked before and after, not meanwhile. May wake for no reason.
  void waitFor(CONDITION_VARIABLE& condition, DWORD milliseconds) noexcept {
    SleepConditionVariableSRW(&condition, &lock_, milliseconds, /*flags=*/0);
  }

 private:
  SRWLOCK lock_ = SRWLOCK_INIT;
};

}  // namespace framepipe::win32
