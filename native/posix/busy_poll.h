// Busy polling on all descriptors of libuv's loop, which would fall asleep and be woken. JS thread only.
#pragma once
#include <memory>

#include "core/busy_polling.h"
#include "posix/poll_watch.h"

namespace framepipe::posix {

class BusyPoll {
 public:
  explicit BusyPoll(uv_loop_t* loop) : loop_(loop) {}

  // What happens in a round: libuv found a connection ready (null: one that is never polled for); something was sent to
  // a peer.
  void heard(const std::shared_ptr<PollWatch::Owner>& connection);
  void sent(const PollWatch::Owner& connection) { policy_.sent(&connection); }

  // After a round, when JavaScript has had what came. True: something has come for this loop meanwhile, and the
  // connection that talks has been polled. False: libuv's turn.
  bool again();

 private:
  bool anythingComes(uint64_t until);

  static constexpr BusyPolling::Limits kLimits = {.longest_wait = 10'000, .longest_turn = 100'000};

  uv_loop_t* loop_;
  BusyPolling policy_{kLimits};
  std::weak_ptr<PollWatch::Owner> talking_;
  const PollWatch::Owner* known_ = nullptr;  // whom talking_ holds: to compare with, never to use
};

}  // namespace framepipe::posix
