// Whether a loop polls for a peer's next message without falling asleep: when that peer alone talks, is answered at once,
// and has answered at once itself. To fall asleep and be woken may take longer than its answer does. One policy; the
// platforms poll. JS thread only.
#pragma once
#include <cstdint>

namespace framepipe {

class BusyPolling {
 public:
  // Nanoseconds. `longest_wait`: about what it costs to sleep and be woken: polling for longer loses more than that.
  // `longest_turn`: then the loop's other work has its turn, even if nothing tells of any.
  struct Limits {
    uint64_t longest_wait, longest_turn;
  };
  explicit BusyPolling(Limits limits) : limits_(limits) {}

  // What happens in a round. `peer`: any address that names the connection; null: several at once, or none of them.
  void heard(const void* peer);
  void sent(const void* peer) { answered_ = answered_ || peer == talking_; }

  // After a round, when JavaScript has had what came. `clock()` tells the time; `idle`: nothing else is due in the loop;
  // `poll(until)` tells whether anything has come by then. True: it has. False: the loop may sleep.
  template <class Poll>
  bool again(uint64_t (*clock)(), bool idle, Poll poll) {
    const uint64_t until = pollUntil(clock());
    if (until == 0 || !idle) return false;
    const bool came = poll(until);
    // Where both sides share a processor, the answer comes when this thread has been made to wait for it: late.
    polled(came && clock() < until);
    return came;
  }

 private:
  uint64_t pollUntil(uint64_t now);  // 0: not at all
  bool mayPoll(uint64_t now);
  void polled(bool in_time);

  const Limits limits_;
  const void* talking_ = nullptr;  // to compare with, never to use
  bool answered_ = false;
  uint32_t rounds_ = 0;  // in which nobody else has said anything
  uint32_t skipped_ = 0;  // rounds without busy polling, still,
  uint32_t penalty_ = 0;  // and how many there will be after the next failure
  uint64_t turn_ends_ = 0;  // 0: no turn
};

}  // namespace framepipe
