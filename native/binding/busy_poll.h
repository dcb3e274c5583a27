// Busy polling where frames come from a thread of the loop's own: on the doorbell, which then needs no packet of libuv's.
// JS thread only.
#pragma once
#include "binding/doorbell.h"
#include "core/busy_polling.h"
#include "core/loop.h"

namespace framepipe {

class BusyPoll {
 public:
  BusyPoll(Loop& loop, Doorbell& doorbell) : loop_(loop), doorbell_(doorbell) {}

  // What happens in a round: an event was delivered; something was sent to a peer.
  void heard(const Event& event);
  void sent(const Connection& connection) { policy_.sent(&connection); }

  // After a round. True: there is something to deliver, and libuv will not tell of it, or not in time.
  bool again(uv_loop_t* loop);

 private:
  // A turn is short, for what libuv has to tell waits meanwhile.
  static constexpr BusyPolling::Limits kLimits = {.longest_wait = 100'000, .longest_turn = 200'000};

  Loop& loop_;
  Doorbell& doorbell_;
  BusyPolling policy_{kLimits};
  uint32_t heard_ = 0;  // Frames events in this round,
  Id talking_ = 0;  // and whose the last one was
};

}  // namespace framepipe
