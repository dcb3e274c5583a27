#include "posix/busy_poll.h"

#include <poll.h>

namespace framepipe::posix {

void BusyPoll::heard(const std::shared_ptr<PollWatch::Owner>& connection) {
  conversation_.heard(connection.get());
  if (known_ == connection.get()) return;
  known_ = connection.get();
  talking_ = connection;
}

bool BusyPoll::again() {
  const uint64_t until = conversation_.waitUntil(uv_hrtime());
  if (until == 0) return false;
  const auto connection = talking_.lock();
  // 0: libuv would not sleep, for a timer or an immediate is due, or a handle closes: this connection's own, if it ended.
  if (!connection || uv_backend_timeout(loop_) == 0) return false;
  const bool comes = anythingComes(until);
  // Where both sides share a processor, the answer comes when this thread has been made to wait for it: late.
  conversation_.waited(comes && uv_hrtime() < until);
  if (comes) connection->polled(0, UV_READABLE);
  return comes;
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
