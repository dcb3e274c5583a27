#include "core/conversation.h"

#include <algorithm>

namespace framepipe {

namespace {
constexpr uint32_t kConversation = 8;  // rounds that make one
constexpr uint32_t kGreatestPenalty = 255;
}  // namespace

void Conversation::heard(const void* who) {
  if (talking_ != who) rounds_ = 0;
  talking_ = who;
  ++rounds_;
}

uint64_t Conversation::waitUntil(uint64_t now) {
  const bool may = mayWait(now);
  answered_ = false;
  if (may) return now + limits_.longest_wait;
  turn_ends_ = 0;
  return 0;
}

bool Conversation::mayWait(uint64_t now) {
  if (!answered_ || !talking_ || rounds_ < kConversation) return false;
  if (skipped_ > 0) {
    --skipped_;
    return false;
  }
  if (turn_ends_ == 0) turn_ends_ = now + limits_.longest_turn;
  return now < turn_ends_;
}

void Conversation::waited(bool in_time) {
  if (in_time) {
    penalty_ /= 2;
    return;
  }
  skipped_ = penalty_;
  penalty_ = std::min(2 * penalty_ + 1, kGreatestPenalty);
}

}  // namespace framepipe
