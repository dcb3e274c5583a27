#include "posix/busy_poll.h"

#include <poll.h>

#include <algorithm>

namespace framepipe::posix {

namespace {

constexpr uint64_t kMicrosecond = 1000;
// About what it costs to sleep and be woken: who waits for longer than that before sleeping loses more than that.
constexpr uint64_t kLongestWait = 10 * kMicrosecond;
// Then Node's other work has its turn, even if nothing tells of any.
constexpr uint64_t kLongestTurn = 100 * kMicrosecond;
constexpr uint32_t kConversation = 8;  // rounds that make one
constexpr uint32_t kGreatestPenalty = 255;

}  // namespace

BusyPoll::BusyPoll(uv_loop_t* loop) : loop_(loop) {
  // Where the peer can only run when this thread does not, it answers no sooner for being waited for.
  if (uv_available_parallelism() == 1) loop_ = nullptr;
}

void BusyPoll::heard(const std::shared_ptr<PollWatch::Owner>& connection) {
  if (talking_ != connection.get()) {
    talking_ = connection.get();
    connection_ = connection;
    rounds_ = 0;
  }
  ++rounds_;
}

bool BusyPoll::again() {
  if (!worthTrying()) {
    turn_ends_ = 0;
    answered_ = false;
    return false;
  }
  answered_ = false;
  const auto connection = connection_.lock();
  if (!connection) return false;
  const uint64_t until = uv_hrtime() + kLongestWait;
  const bool came = anythingComes(until);
  // What came late came from a peer that had to wait for this thread's processor.
  if (came && uv_hrtime() < until) {
    penalty_ /= 2;
  } else {
    skipped_ = penalty_;
    penalty_ = std::min(2 * penalty_ + 1, kGreatestPenalty);
  }
  if (came) connection->polled(0, UV_READABLE);
  return came;
}

bool BusyPoll::worthTrying() {
  if (!loop_ || !answered_ || rounds_ < kConversation) return false;
  if (skipped_ > 0) return --skipped_, false;
  const uint64_t now = uv_hrtime();
  if (turn_ends_ == 0) turn_ends_ = now + kLongestTurn;
  return now < turn_ends_ && uv_backend_timeout(loop_) != 0;  // 0: libuv would not sleep either
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
