// Whether a loop polls for what comes next instead of falling asleep, and for how long. To fall asleep and be woken costs
// 4 µs on one machine and 30 on the next, and the next message may come sooner than that: polling then saves time, and a
// processor's work as well. What it costs here, and how soon messages come, is measured while the loop runs. One policy;
// the platforms poll. JS thread only.
#pragma once
#include <cstdint>

namespace framepipe {

class BusyPolling {
 public:
  // Nanoseconds. `longest_wait`: no poll is longer, whatever is measured. `longest_turn`: then the loop's other work has its
  // turn, even if nothing tells of any.
  struct Limits {
    uint64_t longest_wait, longest_turn;
  };
  using Clock = uint64_t (*)();

  // `allowed`: whether it may be of use at all in this process.
  BusyPolling(Limits limits, Clock clock, bool allowed = true) : limits_(limits), clock_(clock), allowed_(allowed) {}

  // A round begins: something has come.
  void woken() {
    if (slept_at_ != 0) measureSleep();
  }
  // What happens in it: something came on a connection; something was sent on one. `peer`: any address that names the
  // connection; `polls`: whether it wants to be polled for.
  void heard(const void* peer, bool polls);
  void sent() { sent_ = true; }

  // After a round, when JavaScript has had what came. `idle`: nothing else is due in the loop; `poll(until)` tells whether
  // anything has come by then.
  enum class Next : uint8_t {
    Sleep,  // the loop may sleep
    Come,  // something has come
    Turn,  // the same, but other work has its turn first
  };
  template <class Poll>
  Next next(bool idle, Poll poll) {
    const uint64_t window = endRound(idle);
    if (window == 0) return Next::Sleep;
    const uint64_t began = now_;
    const bool came = poll(began + window);
    now_ = clock_();
    // Where both sides share a processor, it comes when this thread has been made to wait for it: late.
    polled(came && now_ - began < window);
    if (!came) return Next::Sleep;
    return now_ < turn_ends_ ? Next::Come : Next::Turn;
  }

  // Others want the processor: for some rounds there is no busy polling.
  void backOff() { skipped_ = penalty_ = kGreatestPenalty; }

  // Who alone was heard in the last round, if it was one only; to compare with, never to use.
  const void* talking() const { return talking_; }

 private:
  void measureSleep();
  uint64_t endRound(bool idle);  // 0: no poll
  bool mayPoll();
  void polled(bool in_time);

  static constexpr uint32_t kGreatestPenalty = 255;

  const Limits limits_;
  const Clock clock_;
  const bool allowed_;

  // Of the round that goes on.
  bool heard_ = false;
  bool polls_ = false;
  bool sent_ = false;
  const void* peer_ = nullptr;
  bool several_ = false;

  const void* talking_ = nullptr;
  uint64_t now_ = 0;
  uint64_t slept_at_ = 0;  // since when nothing has come, after a conversation; 0: that is not measured
  uint64_t turn_ends_ = 0;  // 0: no turn
  uint64_t sleep_ = 0;  // how long one takes in a conversation, about half of the time; 0: not known yet
  uint32_t rounds_ = 0;  // of a conversation, one after the other
  uint32_t skipped_ = 0;  // rounds without busy polling, still,
  uint32_t penalty_ = 0;  // and how many there will be after the next failure
};

}  // namespace framepipe
