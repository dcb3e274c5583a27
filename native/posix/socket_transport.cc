#include "posix/socket_transport.h"

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "posix/client_identity.h"
#include "posix/errno_failure.h"
#include "posix/socket_calls.h"

namespace framepipe::posix {

namespace {

constexpr int kReading = UV_READABLE | UV_DISCONNECT;

// The kernel tells how much is unread, but not when that changes: it is asked again after growing pauses.
constexpr uint64_t kFirstPause = 1, kLongestPause = 32;

}  // namespace

SocketTransport::SocketTransport(LoopState& state, UniqueFd socket, const ChannelOptions& options,
                                 std::optional<Accepted> accepted)
    : state_(state),
      socket_(std::move(socket)),
      drain_timer_(*this),
      accepted_(std::move(accepted)),
      direction_(options.direction),
      messages_(options.framing.kind == FramingKind::Message),
      fresh_(!accepted_) {}

int SocketTransport::open() {
  // As .NET does: the peer learns of the direction, its reads end or its writes fail.
  if (direction_ == Direction::In) ::shutdown(socket_.get(), SHUT_WR);
  if (direction_ == Direction::Out) {
    ::shutdown(socket_.get(), SHUT_RD);
    half_closed_ = ended_ = true;
  }
  return watch_.open(state_.uvLoop(), state_.handles(), socket_.get(), *this);
}

// --- Reading -----------------------------------------------------------------------------------

ReadAnswer SocketTransport::read(std::span<uint8_t> room, bool keep) {
  wants_read_ = true;
  watch(false);
  if (std::exchange(fresh_, false)) return {};
  if (messages_) return readMessage(room, keep);
  const int64_t count = receive(socket_.get(), room, 0, reset_);
  if (count < 0) return readFailed(count);
  if (count == 0) return ended();
  if (keep) state_.recentReaders().add(*this);
  const auto bytes = static_cast<size_t>(count);
  // The end of one who has left is looked for at once.
  return {.kind = ReadAnswer::Kind::Bytes, .was_all = bytes < room.size() && !half_closed_, .bytes = bytes};
}

// The kernel keeps a message's boundaries but not what a read leaves of it: so its size comes first.
ReadAnswer SocketTransport::readMessage(std::span<uint8_t> room, bool keep) {
  const int64_t size = receive(socket_.get(), {}, MSG_PEEK | MSG_TRUNC, reset_);
  if (size < 0) return readFailed(size);
  ReadAnswer answer{.kind = ReadAnswer::Kind::Bytes, .message_ends = true, .bytes = static_cast<size_t>(size)};
  if (answer.bytes > room.size() && keep) {
    answer.kind = ReadAnswer::Kind::TooSmall;
    return answer;
  }
  if (size == 0) {
    if (!takeEmptyMessage(socket_.get())) return ended();
    return answer;
  }
  const int64_t count = receive(socket_.get(), room, 0, reset_);
  if (count < 0) return readFailed(count);
  state_.recentReaders().add(*this);
  answer.bytes = static_cast<size_t>(count);
  return answer;
}

ReadAnswer SocketTransport::readFailed(int64_t error) {
  const int code = static_cast<int>(-error);
  if (code == EAGAIN || code == EWOULDBLOCK) return {};
  return {.kind = ReadAnswer::Kind::Failed, .failure = errnoFailure(code, "read")};
}

// Half-closed, or gone: only the kernel knows.
ReadAnswer SocketTransport::ended() {
  ended_ = half_closed_ = true;
  return {.kind = ReadAnswer::Kind::Ended, .peer_left = left_ || peerState(socket_.get()).left};
}

void SocketTransport::pause() {
  wants_read_ = false;
  watch(false);
}

void SocketTransport::readSoon() {
  wants_read_ = true;
  watch(false);
}

void SocketTransport::writeSoon() {
  wants_write_ = true;
  watch(false);
}

// --- Writing -----------------------------------------------------------------------------------

Failure SocketTransport::admit(size_t message) {
  if (message <= message_limit_) return {};
  message_limit_ = messageLimit(socket_.get(), message);
  if (message <= message_limit_) return {};
  return errnoFailure(EMSGSIZE, "write",
                      "a message must fit the socket's send buffer (net.core.wmem_max); "
                      "framing.lengthPrefix() has no such limit");
}

WriteAnswer SocketTransport::write(std::span<const std::span<const uint8_t>> stretches) {
  state_.busyPoll().sent();
  WriteAnswer answer;
  wants_write_ = false;
  int64_t sent;
  do sent = messages_ ? sendMessages(socket_.get(), stretches) : send(socket_.get(), stretches);
  while (sent == -EINTR);
  if (sent >= 0) {
    if (messages_) {
      answer.messages = static_cast<size_t>(sent);
      for (size_t i = 0; i < answer.messages; ++i) answer.bytes += stretches[i].size();
    } else {
      answer.bytes = static_cast<size_t>(sent);
    }
    written_ += answer.bytes + answer.messages;
  } else if (sent == -EAGAIN || sent == -EWOULDBLOCK) {
    answer.kind = WriteAnswer::Kind::Full;
    wants_write_ = true;
    watch(false);
  } else {
    const int error = static_cast<int>(-sent);
    answer.kind = WriteAnswer::Kind::Failed;
    // The peer left, or reads no more; whether it left something unread is of no concern to a writer.
    answer.peer_left = error == EPIPE || error == ECONNRESET || error == ENOTCONN;
    answer.failure = errnoFailure(answer.peer_left ? EPIPE : error, "write");
    reset_ = reset_ || error == ECONNRESET;
    ::shutdown(socket_.get(), SHUT_RDWR);  // what has arrived can still be read, to an end
  }
  return answer;
}

// Not libuv's time, which stands still during a turn of its loop, however long that is.
uint64_t SocketTransport::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);  // the kernel's tick, without a system call
  return static_cast<uint64_t>(time.tv_sec) * 1000 + static_cast<uint64_t>(time.tv_nsec) / 1'000'000;
}

bool SocketTransport::endSending() {
  ::shutdown(socket_.get(), SHUT_WR);
  return true;
}

// --- Draining ----------------------------------------------------------------------------------

uint64_t SocketTransport::unread() {
  return unreadBound(socket_.get());
}

std::optional<uint64_t> SocketTransport::readByPeer() {
  // A peer that closes throws away what it has not read, and the bound falls to 0; that it left
  // something is marked before, and so asked for after.
  const uint64_t unread = unreadBound(socket_.get());
  if (reset_ || peerState(socket_.get()).broken) return std::nullopt;
  return written_ - std::min(unread, written_);
}

Failure SocketTransport::tellWhenRead(uint64_t upto) {
  drain_upto_ = upto;
  drain_pause_ = kFirstPause;
  drain_timer_.start(state_.uvLoop(), state_.handles(), drain_pause_);
  return {};
}

bool SocketTransport::forgetDrain() {
  drain_timer_.close();
  return true;
}

void SocketTransport::elapsed() {
  const auto self = connection_->shared_from_this();
  const Turn turn(state_, Turn::Of::Timer);  // nothing after its end: the connection may be gone by then
  const std::optional<uint64_t> upto = readByPeer();
  if (!upto) {
    drain_timer_.close();
    return self->drainFailed(errnoFailure(EPIPE, "waitForDrain"), /*peer_left=*/true);
  }
  if (*upto >= drain_upto_) {
    drain_timer_.close();
    return self->peerHasRead(*upto);
  }
  drain_pause_ = std::min(drain_pause_ * 2, kLongestPause);
  drain_timer_.start(state_.uvLoop(), state_.handles(), drain_pause_);
}

// --- From libuv --------------------------------------------------------------------------------

void SocketTransport::polled(int status, int events) {
  const auto self = connection_->shared_from_this();
  const bool needless = status == 0 && !(events & interest());
  // Its base is nobody else's to convert to.
  state_.busyPoll().heard(std::shared_ptr<PollWatch::Owner>(self, this), self->busyPolls());
  {
    const Turn turn(state_, Turn::Of::Polling);
    if (status < 0 || events & (UV_DISCONNECT | PollWatch::kHangUpOnly)) {
      half_closed_ = true;
      left_ = left_ || peerState(socket_.get()).left;
      if (left_) self->peerLeft();
    }
    self->work();
  }
  watch(needless || ended_ || left_);
}

int SocketTransport::interest() const {
  int events = wants_write_ ? UV_WRITABLE : 0;
  if (wants_read_ && !ended_)
    events |= kReading;
  else if (!left_)
    events |= half_closed_ ? PollWatch::kHangUpOnly : UV_DISCONNECT;
  return events;
}

// A watch is widened at once, but narrowed only when it has woken the loop for nothing: most of the
// time the next event is of the same kind, and each change costs two system calls.
void SocketTransport::watch(bool narrow) {
  if (!socket_) return;
  const int events = interest();
  if (narrow || (watch_.wanted() & events) != events) watch_.want(events);
}

// --- The end -----------------------------------------------------------------------------------

void SocketTransport::discardAll() {
  std::array<uint8_t, 16 << 10> bytes;
  for (int i = 0; i < 64; ++i)
    if (receive(socket_.get(), bytes, 0, reset_) <= 0) return;
  ::shutdown(socket_.get(), SHUT_RD);  // or one who writes on and on could keep us here
  while (receive(socket_.get(), bytes, 0, reset_) > 0) {
  }
}

void SocketTransport::release(bool in_order) {
  state_.recentReaders().remove(*this);
  drain_timer_.close();
  watch_.close();
  // Unread input would make the kernel tell the peer of a reset, where we end in good order.
  if (in_order) discardAll();
  {
    const std::lock_guard lock(releasing_);
    if (accepted_ && !connection_->endedHere())
      former_client_ = keepClient(socket_.get(), connection_->peer(), accepted_->capabilities);
    socket_.reset();
  }
  const auto origin = accepted_ ? accepted_->origin.lock() : nullptr;
  if (origin) origin->connectionReleased(connection_->peer());
}

Outcome<std::shared_ptr<Identity>> SocketTransport::identity(bool to_act) {
  const std::lock_guard lock(releasing_);
  if (former_client_) return former_client_->identity(to_act);
  if (!socket_ || !accepted_) return connectionEnded("impersonate");
  return takeIdentity(socket_.get(), accepted_->capabilities, to_act);
}

}  // namespace framepipe::posix
