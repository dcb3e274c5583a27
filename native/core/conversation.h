// Tells when a peer is worth being waited for awake: when it alone talks, is answered at once, and has answered at
// once itself. To fall asleep and be woken may take longer than its answer does. JS thread only.
#pragma once
#include <cstdint>

namespace framepipe {

class Conversation {
 public:
  // Nanoseconds. `longest_wait`: about what it costs to sleep and be woken; who waits for longer loses more than that.
  // `longest_turn`: then the loop's other work has its turn, even if nothing tells of any.
  struct Limits {
    uint64_t longest_wait, longest_turn;
  };
  explicit Conversation(Limits limits) : limits_(limits) {}

  // What happens in a round. `who`: any address that names the connection; null: several at once, or none of them.
  void heard(const void* who);
  void sent(const void* who) { answered_ = answered_ || who == talking_; }

  // After a round: until when to wait, from `now` on. 0: not at all.
  uint64_t waitUntil(uint64_t now);
  // How that went: whether the next word came in time.
  void waited(bool in_time);

 private:
  bool mayWait(uint64_t now);

  const Limits limits_;
  const void* talking_ = nullptr;  // to compare with, never to use
  bool answered_ = false;
  uint32_t rounds_ = 0;     // in which nobody else has said anything
  uint32_t skipped_ = 0;    // rounds in which nobody is waited for, still,
  uint32_t penalty_ = 0;    // and how many there will be after the next failure
  uint64_t turn_ends_ = 0;  // 0: no turn
};

}  // namespace framepipe
