#include "core/mutex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace framepipe {

namespace {

constexpr uint32_t kFree = 0, kLocked = 1, kContended = 2;  // contended: somebody sleeps, or is about to

}  // namespace

void Mutex::lock() noexcept {
  std::atomic<uint32_t>& state = words_[0];
  uint32_t seen = kFree;
  if (state.compare_exchange_strong(seen, kLocked, std::memory_order_acquire)) return;
  while (state.exchange(kContended, std::memory_order_acquire) != kFree)
    ::syscall(SYS_futex, &state, FUTEX_WAIT_PRIVATE, kContended, nullptr, nullptr, 0);
}

void Mutex::unlock() noexcept {
  std::atomic<uint32_t>& state = words_[0];
  if (state.exchange(kFree, std::memory_order_release) == kContended)
    ::syscall(SYS_futex, &state, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace framepipe
