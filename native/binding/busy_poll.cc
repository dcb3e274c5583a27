#include "binding/busy_poll.h"

#include <utility>

#include "core/processor_quota.h"

namespace framepipe {

namespace {
// A turn is short, for what libuv has to tell waits meanwhile.
constexpr BusyPolling::Limits kLimits = {.longest_wait = 100'000, .longest_turn = 200'000};
}  // namespace

BusyPoll::BusyPoll(Loop& loop, Doorbell& doorbell)
    : loop_(loop),
      doorbell_(doorbell),
      policy_(kLimits, uv_hrtime, uv_available_parallelism() > 1 && !processorQuota()) {}

bool BusyPoll::again(uv_loop_t* loop) {
  if (const auto talking = loop_.connection(std::exchange(talking_, 0)))
    policy_.heard(talking.get(), talking->busyPolls());
  const auto next = policy_.next(uv_backend_timeout(loop) != 0,
                                 [this](uint64_t until) { return doorbell_.listen(until, loop_.events()); });
  // It may not sleep, and has its turn.
  if (next == BusyPolling::Next::Turn) doorbell_.ring();
  return next == BusyPolling::Next::Come;
}

}  // namespace framepipe
