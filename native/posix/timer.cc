#include "posix/timer.h"

#include <utility>

namespace framepipe::posix {

struct Timer::Handle : uv_timer_t {
  Owner* owner;
  OpenHandles* handles;
};

void Timer::start(uv_loop_t* loop, OpenHandles& handles, uint64_t milliseconds) {
  if (!handle_) {
    handle_ = new Handle;
    uv_timer_init(loop, handle_);
    uv_unref(reinterpret_cast<uv_handle_t*>(handle_));
    handle_->owner = &owner_;
    handle_->handles = &handles;
    handles.opened();
  }
  uv_timer_start(
      handle_, [](uv_timer_t* timer) { static_cast<Handle*>(timer)->owner->elapsed(); }, milliseconds, 0);
}

void Timer::close() {
  if (!handle_) return;
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(handle_, nullptr)), [](uv_handle_t* closed) {
    auto* handle = static_cast<Handle*>(reinterpret_cast<uv_timer_t*>(closed));
    OpenHandles* handles = handle->handles;
    delete handle;
    handles->closed();
  });
}

}  // namespace framepipe::posix
