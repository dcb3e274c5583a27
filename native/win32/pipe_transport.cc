#include "win32/pipe_transport.h"

#include <algorithm>
#include <utility>

#include "win32/client_identity.h"
#include "win32/peer_state.h"
#include "win32/pipe_listener.h"
#include "win32/pipe_loop.h"
#include "win32/thread_token.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

// A read is posted on every connection, however idle: it need not have room for more than a small frame.
constexpr size_t kIdleRoom = 1 << 10;

// Windows copies what it does not hand over at once into memory that is never paged. A peer that has not shown yet that
// it reads, or is slow to, costs as much of it as a pipe has room for anyway. One that keeps up gets a frame of 1 MiB
// whole, with what surrounds it; but not where it matters that it takes anything at all, for Windows tells of a write only
// when all of it was taken.
constexpr size_t kLeastWrite = 64 << 10, kLargestWrite = (1 << 20) + (64 << 10);
constexpr ULONGLONG kSlow = 1000;  // ms for a write

}  // namespace

PipeTransport::PipeTransport(PipeLoop& loop, PipeEnd&& end)
    : loop_(loop),
      listener_(std::move(end.listener)),
      server_(end.server),
      remote_(end.remote),
      messages_(end.options.framing.kind == FramingKind::Message),
      reads_messages_(messages_ || end.reads_messages),
      raw_(end.options.framing.kind == FramingKind::Raw || end.options.framing.kind == FramingKind::Custom),
      tracked_(end.tracked),
      greatest_write_(end.options.timeouts.progress() ? kLeastWrite : kLargestWrite),
      largest_write_(kLeastWrite),
      handle_(std::move(end.handle)) {
  UCHAR modes = FILE_SKIP_SET_EVENT_ON_HANDLE;
  // A read that ends within a message fails with ERROR_MORE_DATA at once, and whether that skips its
  // packet is written nowhere. Without the mode the rule is plain: no packet only after an error,
  // and this is a warning.
  if (!reads_messages_) modes |= FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
  skips_ = SetFileCompletionNotificationModes(handle_.get(), modes) && !reads_messages_;
}

size_t PipeTransport::firstRoom() const {
  return kIdleRoom;
}

bool PipeTransport::willComplete(BOOL ok, DWORD& error) const {
  error = ok ? ERROR_SUCCESS : GetLastError();
  return ok ? !skips_ : error == ERROR_IO_PENDING || error == ERROR_MORE_DATA;
}

// The port thread reads and writes on.
void PipeTransport::readSoon() {
  if (!posted_.exchange(true)) loop_.port().post(work_.begin(held()));
}

void PipeTransport::work(const Completion&) {
  posted_ = false;
  connection_->locked([this] { return std::exchange(ends_soon_, false) && sendEmptyMessage(); });
  connection_->work();
}

// --- Reading -----------------------------------------------------------------------------------

ReadAnswer PipeTransport::read(std::span<uint8_t> room, bool) {
  Completion completion;
  const BOOL ok =
      ReadFile(handle_.get(), room.data(), static_cast<DWORD>(room.size()), &completion.bytes, read_.begin(self()));
  if (willComplete(ok, completion.error)) return {.kind = ReadAnswer::Kind::InFlight};
  read_.end();
  return readAnswer(completion);
}

// Whoever made the pipe decided that: framing.raw() takes it as it is.
bool PipeTransport::ofMessages() const {
  DWORD flags = 0;
  return GetNamedPipeInfo(handle_.get(), &flags, nullptr, nullptr, nullptr) && (flags & PIPE_TYPE_MESSAGE) != 0;
}

// Nothing at all is no end on a pipe of bytes. On a pipe of messages it is an empty message, by which some peers (go-winio's
// CloseWrite, and with it Docker) say that nothing follows: whoever reads bytes takes it so. Whoever reads messages is given
// it as one, for that is theirs to agree on; the end of the pipe itself comes as an error.
ReadAnswer PipeTransport::readAnswer(const Completion& completion) {
  ReadAnswer answer{.kind = ReadAnswer::Kind::Bytes, .bytes = completion.bytes};
  const bool arrived = completion.error == ERROR_SUCCESS || completion.error == ERROR_MORE_DATA;
  if (arrived && !admitsUser(completion.bytes)) return {.kind = ReadAnswer::Kind::Ended, .peer_left = true};
  switch (completion.error) {
    case ERROR_SUCCESS:
      answer.message_ends = messages_;
      if (completion.bytes == 0 && raw_ && ofMessages()) answer.kind = ReadAnswer::Kind::Ended;
      return answer;
    case ERROR_MORE_DATA:
    case ERROR_OPERATION_ABORTED:  // by us at the end, or by nobody that we know of
      return answer;
    default:
      answer.peer_left = isPeerGone(completion.error);
      answer.kind = answer.peer_left ? ReadAnswer::Kind::Ended : ReadAnswer::Kind::Failed;
      answer.failure = win32Failure(completion.error, "read");
      return answer;
  }
}

// The client's identity comes with the first bytes, and is not known before: who begins with an empty message may be
// nobody until then, and is asked for again.
bool PipeTransport::admitsUser(size_t bytes) {
  if (user_known_ || !listener_ || !listener_->users().limits()) return true;
  user_known_ = bytes > 0;
  std::string user = clientSid(handle_.get());
  if (user_counted_) {
    if (user == user_) return true;
    listener_->users().leave(user_);
  }
  user_ = std::move(user);
  user_counted_ = listener_->users().enter(user_);
  return user_counted_;
}

// --- Writing -----------------------------------------------------------------------------------

// Whoever writes is whom the server may act as. On JavaScript's thread that may be another pipe's client for a moment; the port
// thread is always itself.
bool PipeTransport::lendsAnother() const {
  return tracked_ && !isItself();
}

WriteAnswer PipeTransport::write(std::span<const std::span<const uint8_t>> stretches) {
  if (lendsAnother()) {
    writeSoon();
    return {.kind = WriteAnswer::Kind::Full};
  }
  const std::span<const uint8_t> next = stretches.front();
  const size_t size = messages_ ? next.size() : std::min(next.size(), largest_write_);
  write_began_ = GetTickCount64();
  Completion completion;
  const BOOL ok =
      WriteFile(handle_.get(), next.data(), static_cast<DWORD>(size), &completion.bytes, write_.begin(self()));
  if (willComplete(ok, completion.error)) return {.kind = WriteAnswer::Kind::InFlight};
  write_.end();
  return writeAnswer(completion);
}

WriteAnswer PipeTransport::writeAnswer(const Completion& completion) {
  // A pipe takes all or fails; taking nothing for ever would be neither.
  const bool stuck = completion.error == ERROR_SUCCESS && completion.bytes == 0 && !messages_;
  const DWORD error = stuck ? ERROR_NO_DATA : completion.error;
  WriteAnswer answer;
  if (error == ERROR_SUCCESS) {
    const bool slow = GetTickCount64() - write_began_ >= kSlow;
    largest_write_ = slow ? kLeastWrite : std::min(2 * largest_write_, greatest_write_);
    answer.bytes = completion.bytes;
    answer.messages = messages_;
    return answer;
  }
  answer.kind = WriteAnswer::Kind::Failed;
  answer.peer_left = isPeerGone(error);
  answer.failure = win32Failure(error, "write");
  return answer;
}

// A pipe of bytes has no way to tell the peer that nothing follows; a pipe of messages has an empty one.
bool PipeTransport::endSending() {
  if (!raw_ || !ofMessages()) return false;
  if (!lendsAnother()) return sendEmptyMessage();
  ends_soon_ = true;
  writeSoon();
  return true;
}

bool PipeTransport::sendEmptyMessage() {
  static constexpr char kNothing = 0;
  DWORD error;
  if (willComplete(WriteFile(handle_.get(), &kNothing, 0, nullptr, end_.begin(held())), error)) return true;
  connection_->endLease(std::move(end_.end().lease));
  return error == ERROR_SUCCESS;
}

// --- Draining ----------------------------------------------------------------------------------

// FlushFileBuffers blocks, and has no overlapped form that is documented: it gets a thread, for as long as somebody
// waits. That it succeeds does not say that the peer has read: it also does when a pipe is closing.
Failure PipeTransport::tellWhenRead(uint64_t) {
  flush_upto_ = connection_->position();
  flush_error_ = ERROR_OPERATION_ABORTED;
  flushing_ = flush_.start(loop_.port(), flushed_.begin(held()), [this, pipe = handle_.get()] {
    flush_error_ = FlushFileBuffers(pipe) ? ERROR_SUCCESS : GetLastError();
    if (flush_error_ == ERROR_SUCCESS && connection_->locked([this] { return peerLeft(); }))
      flush_error_ = ERROR_BROKEN_PIPE;
  });
  if (flushing_) return {};
  const auto error = static_cast<int32_t>(GetLastError());
  connection_->endLease(std::move(flushed_.end().lease));
  return {"EAGAIN", "waitForDrain", error, "no thread could be started"};
}

bool PipeTransport::forgetDrain() {
  flush_.cancel();
  return false;
}

void PipeTransport::flushed(const Completion&) {
  flush_.join();
  connection_->locked([this] { flushing_ = false; });
  if (flush_error_ == ERROR_SUCCESS) return connection_->peerHasRead(flush_upto_);
  if (flush_error_ == ERROR_OPERATION_ABORTED) return connection_->peerHasRead(0);  // for others it may be asked again
  connection_->drainFailed(win32Failure(flush_error_, "waitForDrain"), isPeerGone(flush_error_));
}

// --- The peer that leaves ----------------------------------------------------------------------

// While no read is posted (paused by JavaScript's pace, or a direction that has none), nothing reports
// that the peer left: then it is looked for.
void PipeTransport::pause() {
  if (!remote_ && !connection_->knowsThatPeerLeft()) watch();
}

void PipeTransport::watch() {
  if (std::exchange(watched_, true)) return;
  loop_.port().watch(std::shared_ptr<Watched>(connection_->shared_from_this(), this));
}

bool PipeTransport::onTick(ULONGLONG) noexcept {
  bool left = false;
  const bool goes_on = connection_->locked([&] {
    const bool cancels = connection_->aborts() && flushing_;
    if (cancels) flush_.cancel();
    left = connection_->rests() && peerLeft();
    watched_ = cancels || (connection_->rests() && !left);
    return watched_;
  });
  if (left) connection_->peerLeft();
  return goes_on;
}

// Not by ConnectNamedPipe(), which tells it as well: Windows may forget then who the client is.
bool PipeTransport::peerLeft() {
  return win32::peerLeft(handle_.get()).value_or(false);
}

// --- The end -----------------------------------------------------------------------------------

void PipeTransport::cancel() {
  CancelIoEx(handle_.get(), /*overlapped=*/nullptr);
  if (!flushing_) return;
  flush_.cancel();
  watch();
}

void PipeTransport::abort() noexcept {
  connection_->destroy(environmentEnding("close"));
}

// CloseHandle, never DisconnectNamedPipe: what was written stays readable for the peer. Until then Windows knows the client,
// whether it is still there or not.
void PipeTransport::release(bool) {
  UniqueHandle handle;
  {
    const std::lock_guard lock(releasing_);
    const bool ended_here = connection_->locked([this] { return connection_->endedHere(); });
    if (server_ && !ended_here) former_client_ = keepClient(handle_.get());
    handle = connection_->locked([this] { return std::move(handle_); });
  }
  if (user_counted_) listener_->users().leave(user_);
  if (listener_) listener_->closeInstance(this, std::move(handle));
}

void PipeTransport::released() {
  loop_.live().leave(this);
}

Outcome<std::shared_ptr<Identity>> PipeTransport::identity(bool to_act) {
  const std::lock_guard lock(releasing_);
  if (former_client_) return former_client_->identity(to_act);
  if (!handle_) return connectionEnded("impersonate");
  return takeClientIdentity(handle_.get(), to_act);
}

DWORD PipeTransport::withHandle(const std::function<DWORD(HANDLE)>& use) {
  // No lease: the listener, which is locked, is told when the connection is released.
  return connection_->locked([&] { return handle_ ? use(handle_.get()) : ERROR_INVALID_HANDLE; });
}

}  // namespace framepipe::win32
