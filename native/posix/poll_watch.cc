#include "posix/poll_watch.h"

namespace framepipe::posix {

int PollWatch::open(uv_loop_t* loop, OpenHandles& handles, int fd, Owner& owner) {
  auto* handle = new Handle;
  if (const int error = uv_poll_init(loop, handle, fd)) {
    delete handle;  // libuv has not taken it
    return error;
  }
  handle->opened(*this, handles);
  handle_ = handle;
  owner_ = &owner;
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
  wanted_ = 0;
  Handle::close(handle_);
}

void PollWatch::ready(uv_poll_t* poll, int status, int events) {
  PollWatch& watch = *Handle::of(poll).owner;
  if (status < 0) watch.wanted_ = 0;  // libuv stops the watch then
  watch.owner_->polled(status, events);
}

}  // namespace framepipe::posix
