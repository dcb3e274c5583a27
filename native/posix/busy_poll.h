// Waits awake for the next word of a conversation: libuv would fall asleep and be woken. JS thread only.
#pragma once
#include <memory>

#include "core/conversation.h"
#include "posix/poll_watch.h"

namespace framepipe::posix {

class BusyPoll {
 public:
  explicit BusyPoll(uv_loop_t* loop) : loop_(loop) {}

  // What happens in a round: libuv found a connection ready; something was sent to a peer.
  void heard(const std::shared_ptr<PollWatch::Owner>& connection);
  void sent(const PollWatch::Owner& connection) { conversation_.sent(&connection); }

  // After a round, when JavaScript has had what came. True: something has come for this loop meanwhile, and the
  // connection that talks has been polled. False: libuv's turn.
  bool again();

 private:
  bool anythingComes(uint64_t until);

  static constexpr Conversation::Limits kLimits = {.longest_wait = 10'000, .longest_turn = 100'000};

  uv_loop_t* loop_;
  Conversation conversation_{kLimits};
  std::weak_ptr<PollWatch::Owner> talking_;
  const PollWatch::Owner* known_ = nullptr;  // whom talking_ holds: to compare with, never to use
};

}  // namespace framepipe::posix
