// A lock, and waiting under it. Any thread.
#pragma once
#include <windows.h>

#include "core/mutex.h"

namespace framepipe::win32 {

class Mutex final : public framepipe::Mutex {
 public:
  void lock() noexcept override { AcquireSRWLockExclusive(&lock_); }
  void unlock() noexcept override { ReleaseSRWLockExclusive(&lock_); }

  // Locked before and after, not meanwhile. May wake for no reason.
  void waitFor(CONDITION_VARIABLE& condition, DWORD milliseconds) noexcept {
    SleepConditionVariableSRW(&condition, &lock_, milliseconds, /*flags=*/0);
  }

 private:
  SRWLOCK lock_ = SRWLOCK_INIT;
};

}  // namespace framepipe::win32
