#include "win32/mutex.h"

namespace framepipe {

namespace {
SRWLOCK* lockOf(void* words) {
  return static_cast<SRWLOCK*>(words);
}
}  // namespace

static_assert(sizeof(SRWLOCK) <= sizeof(Mutex) && alignof(SRWLOCK) <= alignof(Mutex));

void Mutex::lock() noexcept {
  AcquireSRWLockExclusive(lockOf(words_));
}

void Mutex::unlock() noexcept {
  ReleaseSRWLockExclusive(lockOf(words_));
}

namespace win32 {

void waitFor(CONDITION_VARIABLE& condition, Mutex& mutex, DWORD milliseconds) noexcept {
  SleepConditionVariableSRW(&condition, lockOf(&mutex), milliseconds, /*flags=*/0);
}

}  // namespace win32

}  // namespace framepipe
