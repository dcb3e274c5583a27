#include "posix/busy_poll.h"

#include <poll.h>

namespace framepipe::posix {

void BusyPoll::heard(const std::shared_ptr<PollWatch::Owner>& connection) {
  // A new one may be where one was that is gone.
  if (known_ != connection.get() || (connection && talking_.expired())) {
    policy_.heard(nullptr);
    known_ = connection.get();
    talking_ = connection;
  }
  policy_.heard(connection.get());
}

bool BusyPoll::again() {
  const auto connection = talking_.lock();
  // 0: libuv would not sleep, for a timer or an immediate is due, or a handle closes: this connection's own, if it ended.
  const bool idle = connection && uv_backend_timeout(loop_) != 0;
  if (!policy_.again(uv_hrtime, idle, [this](uint64_t until) { return anythingComes(until); })) return false;
  connection->polled(0, UV_READABLE);
  return true;
}

// Asks for all descriptors of the loop: who else becomes ready does not wait for this peer.
bool BusyPoll::anythingComes(uint64_t until) {
  pollfd loop{uv_backend_fd(loop_), POLLIN, 0};
  do {
    if (::poll(&loop, 1, 0) != 0) return true;
  } while (uv_hrtime() < until);
  return false;
}

}  // namespace framepipe::posix
