#include "core/busy_polling.h"

#include <algorithm>

namespace framepipe {

namespace {
constexpr uint32_t kRounds = 8;  // of the same peer, before it is polled for
constexpr uint32_t kGreatestPenalty = 255;
}  // namespace

void BusyPolling::heard(const void* peer) {
  if (talking_ != peer) rounds_ = 0;
  talking_ = peer;
  ++rounds_;
}

uint64_t BusyPolling::pollUntil(uint64_t now) {
  const bool may = mayPoll(now);
  answered_ = false;
  if (may) return now + limits_.longest_wait;
  turn_ends_ = 0;
  return 0;
}

bool BusyPolling::mayPoll(uint64_t now) {
  if (!answered_ || !talking_ || rounds_ < kRounds) return false;
  if (skipped_ > 0) {
    --skipped_;
    return false;
  }
  if (turn_ends_ == 0) turn_ends_ = now + limits_.longest_turn;
  return now < turn_ends_;
}

void BusyPolling::polled(bool in_time) {
  if (in_time) {
    penalty_ /= 2;
    return;
  }
  skipped_ = penalty_;
  penalty_ = std::min(2 * penalty_ + 1, kGreatestPenalty);
}

}  // namespace framepipe
