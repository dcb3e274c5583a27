// Busy polling on all descriptors of libuv's loop, which would fall asleep and be woken. JS thread only.
#pragma once
#include <memory>

#include "core/busy_polling.h"
#include "posix/poll_watch.h"

namespace framepipe::posix {

class BusyPoll {
 public:
  explicit BusyPoll(uv_loop_t* loop);

  // What happens in a round: libuv found a connection ready, which wants to be polled for or not; something was sent.
  void heard(const std::shared_ptr<PollWatch::Owner>& connection, bool polls);
  void sent() { policy_.sent(); }

  // After a round, when JavaScript has had what came. True: something has come for this loop meanwhile, and the
  // connection that talks alone has been polled. False: libuv's turn.
  bool again();

 private:
  bool anythingComes(uint64_t until);
  void backOffIfCrowded();

  uv_loop_t* loop_;
  BusyPolling policy_;
  std::weak_ptr<PollWatch::Owner> last_;  // who was heard last
  uint32_t polls_ = 0;
  long preempted_ = 0;  // how often this thread had been, when that was last looked at
};

}  // namespace framepipe::posix
