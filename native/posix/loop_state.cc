#include "posix/loop_state.h"

namespace framepipe::posix {

namespace {

// With this much at hand a crossing costs nothing, and JavaScript can work while it is in the cache.
constexpr size_t kWorthACrossing = 64u << 10;

}  // namespace

void LoopState::report(Event&& event) noexcept {
  if (stopped_) return;
  reported_bytes_ += event.frames.length;
  const bool first = events_.push(std::move(event));
  if (in_turn_)
    reported_ = true;
  else if (first)
    host_.ring();
}

void LoopState::stop() {
  stopped_ = true;
  limit_timer_.close();
  Check::close(check_);
}

void LoopState::deliver() {
  reported_bytes_ = 0;
  if (std::exchange(reported_, false)) host_.deliver();
}

// JavaScript may have stopped this loop, but its memory stays until libuv has closed the check.
void LoopState::roundEnded() {
  limit_timer_.polled();
  do deliver();
  while (!stopped_ && busy_poll_.again() && reported_);
}

// Where libuv calls right after it has called all that were ready.
void LoopState::watchRounds() {
  if (check_ || stopped_) return;
  check_ = new Check;
  uv_check_init(uvLoop(), check_);
  check_->opened(*this, handles_);
  uv_check_start(check_, [](uv_check_t* check) { Check::of(check).owner->roundEnded(); });
}

Turn::~Turn() {
  state_.in_turn_ = false;
  if (of_ == Of::Polling && state_.reported_bytes_ < kWorthACrossing)
    state_.watchRounds();
  else
    state_.deliver();
}

}  // namespace framepipe::posix
