#include "posix/drain_requests.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "posix/errno_failure.h"

namespace framepipe::posix {

namespace {

constexpr uint64_t kFirstPause = 1;
constexpr uint64_t kLongestPause = 32;

// At most this much is unread: the kernel counts a message's whole memory until its last byte is read.
uint64_t unreadBound(int socket) {
  int bytes = 0;
  ::ioctl(socket, SIOCOUTQ, &bytes);
  return static_cast<uint64_t>(bytes);
}

}  // namespace

void DrainRequests::add(Id request) {
  requests_.push_back({request, output_.appended()});
  settleRead();
  if (requests_.empty()) return;
  pause_ = kFirstPause;
  timer_.start(state_.uvLoop(), state_.handles(), pause_);
}

void DrainRequests::cancel(Id request) {
  std::erase_if(requests_, [&](const Request& waiting) { return waiting.id == request; });
  if (requests_.empty()) timer_.close();
}

void DrainRequests::finish() {
  if (requests_.empty()) return;
  settleRead();
  for (const Request& request : std::exchange(requests_, {}))
    state_.report({Event::Kind::Settled, request.id, 0,
                   errnoFailure(EPIPE, "waitForDrain", "the pipe ended before all was read")});
  timer_.close();
}

void DrainRequests::elapsed() {
  const Turn turn(state_, Turn::Of::Timer);  // nothing after its end: the connection may be gone by then
  settleRead();
  if (requests_.empty()) return timer_.close();
  pause_ = std::min(pause_ * 2, kLongestPause);
  timer_.start(state_.uvLoop(), state_.handles(), pause_);
}

void DrainRequests::settleRead() {
  // A peer that closes throws away what it has not read, and the bound falls to 0; that it left
  // something is marked before, and so asked for after.
  const uint64_t unread = unreadBound(socket_.get());
  if (peerLeftSomeUnread()) return;  // the end of the connection is on its way
  std::erase_if(requests_, [&](const Request& request) {
    if (request.target + unread > output_.written()) return false;
    state_.report({Event::Kind::Settled, request.id});
    return true;
  });
}

bool DrainRequests::peerLeftSomeUnread() const {
  if (input_.reset() || output_.reset()) return true;
  pollfd poll{socket_.get(), 0, 0};
  return ::poll(&poll, 1, 0) > 0 && (poll.revents & POLLERR);
}

}  // namespace framepipe::posix
