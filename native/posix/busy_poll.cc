#include "posix/busy_poll.h"

#include <poll.h>
#include <sys/resource.h>

#include "core/processor_quota.h"

namespace framepipe::posix {

namespace {
constexpr BusyPolling::Limits kLimits = {.longest_wait = 100'000, .longest_turn = 100'000};
constexpr uint32_t kPolls = 64;  // between two looks at how often others have wanted the processor,
constexpr long kOften = 8;       // and when that is often
}  // namespace

BusyPoll::BusyPoll(uv_loop_t* loop)
    : loop_(loop), policy_(kLimits, uv_hrtime, uv_available_parallelism() > 1 && !processorQuota()) {}

void BusyPoll::heard(const std::shared_ptr<PollWatch::Owner>& connection, bool polls) {
  policy_.woken();
  policy_.heard(connection.get(), polls);
  last_ = connection;
}

bool BusyPoll::again() {
  // 0: libuv would not sleep, for a timer or an immediate is due, or a handle closes: a connection's own, if it ended.
  const bool idle = uv_backend_timeout(loop_) != 0;
  const auto next = policy_.next(idle, [this](uint64_t until) { return anythingComes(until); });
  backOffIfCrowded();
  if (next != BusyPolling::Next::Come) return false;
  // What has come to several, libuv finds in one round.
  const auto talking = last_.lock();
  if (!talking || talking.get() != policy_.talking()) return false;
  talking->polled(0, UV_READABLE);
  return true;
}

// Asks for all descriptors of the loop: who else becomes ready does not wait for this peer.
bool BusyPoll::anythingComes(uint64_t until) {
  ++polls_;
  pollfd loop{uv_backend_fd(loop_), POLLIN, 0};
  do {
    if (::poll(&loop, 1, 0) != 0) return true;
  } while (uv_hrtime() < until);
  return false;
}

// The system takes the processor from a thread that polls, and gives it to others who wait for it.
void BusyPoll::backOffIfCrowded() {
  if (polls_ < kPolls) return;
  polls_ = 0;
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  if (usage.ru_nivcsw - preempted_ >= kOften) policy_.backOff();
  preempted_ = usage.ru_nivcsw;
}

}  // namespace framepipe::posix
