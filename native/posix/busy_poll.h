// A peer that is asked and answers at once is waited for without falling asleep: for no longer than it takes to
// fall asleep and be woken, while nothing else is to be done on this loop, and only as long as that goes well.
// JS thread only.
#pragma once
#include <cstdint>
#include <memory>

#include "posix/poll_watch.h"

namespace framepipe::posix {

class BusyPoll {
 public:
  explicit BusyPoll(uv_loop_t* loop);

  // What happens in a round: libuv found a connection ready; something was sent to a peer.
  void heard(const std::shared_ptr<PollWatch::Owner>& connection);
  void sent(const PollWatch::Owner& connection) { answered_ = answered_ || &connection == talking_; }

  // After a round, when JavaScript has had what came: waits for more from the only peer that talks and was answered.
  // True: its connection has been polled, and the next round begins. False: libuv's turn.
  bool again();

 private:
  bool worthTrying();
  bool anythingComes(uint64_t until);

  uv_loop_t* loop_;
  std::weak_ptr<PollWatch::Owner> connection_;
  const PollWatch::Owner* talking_ = nullptr;  // to compare with, never to use: it may be gone
  bool answered_ = false;
  uint32_t rounds_ = 0;    // how many the same connection has been the only one in
  uint32_t skipped_ = 0;   // rounds that are still not tried,
  uint32_t penalty_ = 0;   // and how many will not be after the next failure
  uint64_t turn_ends_ = 0; // in ns; 0: no turn
};

}  // namespace framepipe::posix
