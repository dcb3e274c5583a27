#include "posix/limit_timer.h"

#include <utility>

#include "posix/loop_state.h"

namespace framepipe::posix {

void LimitTimer::add(const std::shared_ptr<Connection>& connection, const Timeouts& timeouts) {
  if (!timeouts.any() || state_.stopped()) return;
  connections_.push_back(connection);
  const uint64_t period = TimeLimits::period(timeouts);
  if (period_ > 0 && period_ <= period) return;
  period_ = period;
  state_.watchRounds();
  if (!due_) start(period_);
}

// libuv's timers come before its polling: what has come while this process was busy is still to be read.
void LimitTimer::elapsed() {
  due_ = true;
  now_ = uv_now(state_.uvLoop());
  start(1);  // if nothing else ends the polling
}

void LimitTimer::polled() {
  if (!due_) return;
  due_ = false;
  const Turn turn(state_, Turn::Of::Polling);  // nothing after its end: JavaScript may have stopped the loop by then
  const bool all = look();
  if (!connections_.empty()) return start(all ? period_ : 1);
  period_ = 0;
  timer_.close();
}

void LimitTimer::start(uint64_t milliseconds) {
  timer_.start(state_.uvLoop(), state_.handles(), milliseconds);
}

// Whether all have been looked at.
bool LimitTimer::look() {
  for (size_t ends = 0; next_ < connections_.size();) {
    const auto connection = connections_[next_].lock();
    if (connection && connection->look(now_, period_)) {
      ++next_;
      continue;
    }
    std::swap(connections_[next_], connections_.back());
    connections_.pop_back();
    if (connection && ++ends == kEnds) return false;
  }
  next_ = 0;
  return true;
}

}  // namespace framepipe::posix
