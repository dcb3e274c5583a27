// Busy polling where frames come from a thread of the loop's own: on the doorbell, which then needs no packet of libuv's.
// JS thread only.
#pragma once
#include "binding/doorbell.h"
#include "core/busy_polling.h"
#include "core/loop.h"

namespace framepipe {

class BusyPoll {
 public:
  BusyPoll(Loop& loop, Doorbell& doorbell);

  // What happens in a round: an event was delivered; something was sent.
  void heard(const Event& event) {
    policy_.woken();
    if (event.kind == Event::Kind::Frames) talking_ = event.id;
  }
  void sent() { policy_.sent(); }

  // After a round. True: there is something to deliver, and libuv will not tell of it, or not in time.
  bool again(uv_loop_t* loop);

 private:
  Loop& loop_;
  Doorbell& doorbell_;
  BusyPolling policy_;
  Id talking_ = 0;  // whose frames were delivered last in this round; 0: nobody's
};

}  // namespace framepipe
