#include "win32/pipe_connection.h"

#include "win32/client_identity.h"
#include "win32/pipe_listener.h"
#include "win32/pipe_loop.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {
// A read is posted on every connection, however idle: it need not have room for more than a small frame.
constexpr size_t kIdleRoom = 1 << 10;
}  // namespace

PipeConnection::PipeConnection(PipeLoop& loop, Id id, PipeEnd&& end)
    : loop_(loop),
      id_(id),
      options_(std::move(end.options)),
      listener_(std::move(end.listener)),
      server_(end.server),
      peer_(end.peer),
      receiver_(options_.framing, loop.pool(), kIdleRoom),
      handle_(std::move(end.handle)),
      queue_(options_.framing, loop.pool()) {
  UCHAR modes = FILE_SKIP_SET_EVENT_ON_HANDLE;
  // A read that ends within a message fails with ERROR_MORE_DATA at once, and whether that skips its
  // packet is written nowhere. Without the mode the rule is plain: no packet only after an error,
  // and this is a warning.
  if (!isMessage()) modes |= FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
  skips_ = SetFileCompletionNotificationModes(handle_.get(), modes) && !isMessage();
}

void PipeConnection::start() {
  Lock lock(mutex_);
  ++lent_;
  lock.unlock();
  read();
  lock.lock();
  --lent_;
  releaseIfDone(std::move(lock));
}

void PipeConnection::emit(Event::Kind kind, const Failure& failure) {
  loop_.emit({.kind = kind, .id = id_, .failure = failure});
}

OVERLAPPED* PipeConnection::lend(Operation& operation) {
  ++lent_;
  return operation.lend(shared_from_this());
}

PipeConnection::Issued PipeConnection::issued(Operation& operation, BOOL ok, DWORD& error) {
  error = ok ? ERROR_SUCCESS : GetLastError();
  const bool packet = ok ? !skips_ : error == ERROR_IO_PENDING || error == ERROR_MORE_DATA;
  if (packet) return Issued::Pending;
  operation.takeBack();
  --lent_;
  return Issued::Done;
}

void PipeConnection::nudge() {
  if (nudged_ || state_ >= State::Aborting) return;
  nudged_ = true;
  ++lent_;
  loop_.port().post(nudge_, shared_from_this());
}

void PipeConnection::completed(Operation& operation, Completion completion) noexcept {
  if (&operation == &read_) {
    reading_ = false;
    if (arrived(completion)) read();
  } else if (&operation == &nudge_) {
    {
      const Lock lock(mutex_);
      nudged_ = false;
      write();
    }
    read();
  } else {
    const Lock lock(mutex_);
    if (&operation == &write_) {
      written(completion);
      write();
    }
    if (&operation == &flush_) flushed();
  }
  Lock lock(mutex_);
  --lent_;
  releaseIfDone(std::move(lock));
}

void PipeConnection::close() {
  Lock lock(mutex_);
  if (state_ != State::Open) return;
  state_ = State::Closing;
  failDrains({"ECANCELED", "waitForDrain", 0, "the connection was closed meanwhile"});
  // Having let go of a connection does not mean to lose what it still has to send.
  if (!queue_.empty()) keepAlive(true);
  write();
  if (!queue_.empty()) nudge();
  releaseIfDone(std::move(lock));
}

void PipeConnection::destroy(const Failure& failure) {
  Lock lock(mutex_);
  cutShort(failure);
  releaseIfDone(std::move(lock));
}

void PipeConnection::abort() noexcept {
  destroy({"ECANCELED", "close", 0, "the environment is ending"});
}

void PipeConnection::cutShort(const Failure& failure) {
  if (state_ < State::Aborting) {
    state_ = State::Aborting;
    failure_ = failure;
    failDrains({"EPIPE", "waitForDrain", failure.os, "the connection ended before the peer had read everything"});
    settleEnding({"EPIPE", "write", failure.os, "the connection ended before everything was sent"});
    queue_.clear();
  }
  // Once more if asked again. What has been lent out comes home by packets, cancelled or not.
  if (reading_ || writing_) CancelIoEx(handle_.get(), /*overlapped=*/nullptr);
  if (flushing_) {
    flush_.cancel();
    watchPeer();
  }
}

// When nothing is lent out any more. CloseHandle, never DisconnectNamedPipe: what was written stays
// readable for the peer.
void PipeConnection::releaseIfDone(Lock lock) {
  if (state_ == State::Closing && queue_.empty()) cutShort(failure_);
  if (state_ != State::Aborting || lent_ > 0) return;
  state_ = State::Released;
  handle_.reset();
  queue_.clear();
  const Failure failure = failure_;
  lock.unlock();
  if (listener_) listener_->instanceClosed(this);
  emit(Event::Kind::Closed, failure);
  loop_.live().leave(this);
}

Outcome<std::shared_ptr<Identity>> PipeConnection::identity(bool to_act) {
  Lock lock(mutex_);
  if (!server_ || state_ >= State::Aborting)
    return Failure{"ERR_PIPE_CANNOT_IMPERSONATE", "ImpersonateNamedPipeClient", 0,
                   server_ ? "the connection is closed" : "only the server of a connection has a client"};
  const HANDLE pipe = handle_.get();
  ++lent_;
  lock.unlock();
  auto identity = takeClientIdentity(pipe, to_act);
  lock.lock();
  --lent_;
  releaseIfDone(std::move(lock));
  return identity;
}

DWORD PipeConnection::setAccess(const SecurityDescriptor& descriptor) {
  const Lock lock(mutex_);
  return handle_ ? descriptor.applyTo(handle_.get()) : ERROR_INVALID_HANDLE;
}

void PipeConnection::keepAlive(bool on) {
  if (on == keeps_alive_) return;
  keeps_alive_ = on;
  on ? loop_.host().retain() : loop_.host().release();
}

Traffic PipeConnection::traffic() const {
  return {bytes_in_, bytes_out_, frames_in_, frames_out_};
}

}  // namespace framepipe::win32
