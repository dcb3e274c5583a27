#include "posix/timer.h"

namespace framepipe::posix {

void Timer::start(uv_loop_t* loop, OpenHandles& handles, uint64_t milliseconds) {
  if (!handle_) {
    handle_ = new Handle;
    uv_timer_init(loop, handle_);
    handle_->opened(owner_, handles);
  }
  uv_timer_start(handle_, [](uv_timer_t* timer) { Handle::of(timer).owner->elapsed(); }, milliseconds, 0);
}

}  // namespace framepipe::posix
