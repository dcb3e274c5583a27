// PipeConnection's waiting until the peer has read everything. FlushFileBuffers blocks, and has no
// overlapped form that is documented: it gets a thread, for as long as somebody waits. All under the lock.
#include <algorithm>

#include "win32/pipe_connection.h"
#include "win32/pipe_loop.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

void PipeConnection::waitForDrain(Id request) {
  const Lock lock(mutex_);
  if (state_ != State::Open || write_failed_)
    return loop_.emit({.kind = Event::Kind::Settled,
                       .id = request,
                       .failure = {"EPIPE", "waitForDrain", failure_.os, "the connection is closed"}});
  if (!canWrite()) return loop_.emit({.kind = Event::Kind::Settled, .id = request});
  drains_.push_back({request, accepted_});
  write();
  flushIfDue();
}

void PipeConnection::cancelDrain(Id request) {
  const Lock lock(mutex_);
  std::erase_if(drains_, [&](const Drain& drain) { return drain.request == request; });
  if (drains_.empty() && flushing_) flush_.cancel();
}

void PipeConnection::flushIfDue() {
  const auto due = [this](const Drain& drain) { return drain.upto <= taken_; };
  if (flushing_ || state_ != State::Open || std::none_of(drains_.begin(), drains_.end(), due)) return;
  flushing_ = true;
  flush_upto_ = taken_;
  flush_error_ = ERROR_OPERATION_ABORTED;
  ++lent_;
  const bool started = flush_.start(loop_.port(), shared_from_this(), [this, pipe = handle_.get()] {
    flush_error_ = FlushFileBuffers(pipe) ? ERROR_SUCCESS : GetLastError();
  });
  if (started) return;
  flushing_ = false;
  --lent_;
  failDrains({"EAGAIN", "waitForDrain", static_cast<int32_t>(GetLastError()), "no thread could be started"});
}

void PipeConnection::flushed() {
  flush_.join();
  flushing_ = false;
  if (flush_error_ == ERROR_SUCCESS) {
    std::erase_if(drains_, [this](const Drain& drain) {
      if (drain.upto > flush_upto_) return false;
      loop_.emit({.kind = Event::Kind::Settled, .id = drain.request});
      return true;
    });
  } else if (flush_error_ != ERROR_OPERATION_ABORTED) {
    failDrains(win32Failure(flush_error_, "waitForDrain"));
  }
  flushIfDue();  // others have come meanwhile
}

void PipeConnection::failDrains(const Failure& failure) {
  for (const Drain& drain : drains_)
    loop_.emit({.kind = Event::Kind::Settled, .id = drain.request, .failure = failure});
  drains_.clear();
  if (flushing_) flush_.cancel();
}

}  // namespace framepipe::win32
