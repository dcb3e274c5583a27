#include "posix/poll_watch.h"

#include <utility>

namespace framepipe::posix {

struct PollWatch::Handle : uv_poll_t {
  PollWatch* watch;
  Owner* owner;
  OpenHandles* handles;
};

int PollWatch::open(uv_loop_t* loop, OpenHandles& handles, int fd, Owner& owner) {
  auto* handle = new Handle;
  if (const int error = uv_poll_init(loop, handle, fd)) {
    delete handle;  // libuv has not taken it
    return error;
  }
  handle->watch = this;
  handle->owner = &owner;
  handle->handles = &handles;
  uv_unref(reinterpret_cast<uv_handle_t*>(handle));
  handles.opened();
  handle_ = handle;
  return 0;
}

void PollWatch::want(int events) {
  if (!handle_ || events == wanted_) return;
  wanted_ = events;
  if (events)
    uv_poll_start(handle_, events, ready);  // fails only when a descriptor is watched twice
  else
    uv_poll_stop(handle_);
}

void PollWatch::close() {
  if (!handle_) return;
  wanted_ = 0;
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(handle_, nullptr)), [](uv_handle_t* closed) {
    auto* handle = static_cast<Handle*>(reinterpret_cast<uv_poll_t*>(closed));
    OpenHandles* handles = handle->handles;
    delete handle;
    handles->closed();
  });
}

void PollWatch::ready(uv_poll_t* poll, int status, int events) {
  auto* handle = static_cast<Handle*>(poll);
  if (status < 0) handle->watch->wanted_ = 0;  // libuv stops the watch then
  handle->owner->polled(status, events);
}

}  // namespace framepipe::posix
