#include "core/busy_polling.h"

#include <algorithm>
#include <utility>

namespace framepipe {

namespace {
constexpr uint32_t kRounds = 8;             // of a conversation, before it is polled for
constexpr uint32_t kSample = 256;           // one round of so many sleeps, so that what that costs stays known
constexpr uint64_t kShortestWait = 10'000;  // by when anybody is woken who sleeps
}  // namespace

void BusyPolling::measureSleep() {
  const uint64_t slept = clock_() - std::exchange(slept_at_, 0);
  if (slept >= 4 * limits_.longest_wait) return;  // a pause: it says nothing of what it costs to be woken
  // Whatever the longest ones are, half of them are longer than this.
  if (sleep_ == 0)
    sleep_ = slept;
  else
    sleep_ = slept > sleep_ ? sleep_ + sleep_ / 8 : sleep_ - sleep_ / 8;
}

void BusyPolling::heard(const void* peer, bool polls) {
  several_ = several_ || (heard_ && peer_ != peer);
  peer_ = peer;
  heard_ = true;
  polls_ = polls_ || polls;
}

// A round in which something came and something was sent is one of a conversation: the answer may come soon.
uint64_t BusyPolling::endRound(bool idle) {
  const bool conversation = heard_ && polls_ && sent_;
  talking_ = several_ ? nullptr : peer_;
  heard_ = polls_ = sent_ = several_ = false;
  if (!conversation || !allowed_) {
    rounds_ = 0;
    turn_ends_ = 0;
    return 0;
  }
  ++rounds_;
  if (!idle) return 0;
  now_ = clock_();
  if (!mayPoll()) {
    slept_at_ = now_;
    turn_ends_ = 0;
    return 0;
  }
  if (turn_ends_ == 0 || now_ >= turn_ends_) turn_ends_ = now_ + limits_.longest_turn;
  // What comes later than this is had about as soon, and for less work, by sleeping.
  return std::clamp(sleep_ / 3 * 2, kShortestWait, limits_.longest_wait);
}

bool BusyPolling::mayPoll() {
  if (sleep_ == 0 || rounds_ < kRounds || rounds_ % kSample == 0) return false;
  if (skipped_ == 0) return true;
  --skipped_;
  return false;
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
