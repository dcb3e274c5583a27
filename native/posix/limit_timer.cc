#include "posix/limit_timer.h"

#include <algorithm>

#include "posix/loop_state.h"

namespace framepipe::posix {

void LimitTimer::add(const std::shared_ptr<Connection>& connection, const Timeouts& timeouts) {
  if (!timeouts.any() || state_.stopped()) return;
  connections_.push_back(connection);
  const uint64_t period = TimeLimits::period(timeouts);
  if (period_ > 0 && period_ <= period) return;
  period_ = period;
  timer_.start(state_.uvLoop(), state_.handles(), period_);
}

// libuv has looked for what arrived since the last time: a busy process does not blame its peers.
void LimitTimer::elapsed() {
  const Turn turn(state_, Turn::Of::Timer);  // nothing after its end: JavaScript may have stopped the loop by then
  const uint64_t now = uv_now(state_.uvLoop());
  std::erase_if(connections_, [&](const std::weak_ptr<Connection>& weak) {
    const auto connection = weak.lock();
    return !connection || !connection->look(now, period_);
  });
  if (connections_.empty()) {
    period_ = 0;
    timer_.close();
  } else {
    timer_.start(state_.uvLoop(), state_.handles(), period_);
  }
}

}  // namespace framepipe::posix
