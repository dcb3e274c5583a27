// Who waits until the peer has read what was sent. The kernel tells how much is unread, but not when
// that changes, so it is asked again after growing pauses. JS thread only.
#pragma once
#include <vector>

#include "posix/loop_state.h"
#include "posix/socket_input.h"
#include "posix/socket_output.h"
#include "posix/timer.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

class DrainRequests final : private Timer::Owner {
 public:
  DrainRequests(LoopState& state, const UniqueFd& socket, const SocketInput& input, const SocketOutput& output)
      : state_(state), socket_(socket), input_(input), output_(output), timer_(*this) {}

  // Settled when all that has been sent up to now is read.
  void add(Id request);
  void cancel(Id request);

  // The connection ends, its socket is still open: all are settled, well or with EPIPE.
  void finish();

 private:
  struct Request {
    Id id;
    uint64_t target;  // bytes sent since the beginning
  };

  void elapsed() override;
  void settleRead();
  bool peerLeftSomeUnread() const;

  LoopState& state_;
  const UniqueFd& socket_;
  const SocketInput& input_;
  const SocketOutput& output_;
  Timer timer_;
  std::vector<Request> requests_;
  uint64_t pause_ = 0;  // milliseconds
};

}  // namespace framepipe::posix
