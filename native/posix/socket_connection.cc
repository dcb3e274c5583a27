#include "posix/socket_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "posix/client_identity.h"
#include "posix/errno_failure.h"

namespace framepipe::posix {

namespace {

// A turn of one connection: then others, and Node's own work, have theirs.
constexpr int kReads = 8;
constexpr size_t kReadBytes = 1u << 20;

constexpr int kReading = UV_READABLE | UV_DISCONNECT;

}  // namespace

SocketConnection::SocketConnection(LoopState& state, UniqueFd socket, const ChannelOptions& options, const Peer& peer)
    : state_(state),
      socket_(std::move(socket)),
      input_(options.framing, state.pool()),
      output_(options.framing, state.pool(), options.high_water_mark),
      drains_(state, socket_, input_, output_),
      retention_(state.host()),
      peer_(peer),
      direction_(options.direction),
      high_water_mark_(std::max<size_t>(options.high_water_mark, 1)) {}

int SocketConnection::open() {
  // As .NET does: the peer learns of the direction, its reads end or its writes fail.
  if (direction_ == Direction::In) ::shutdown(socket_.get(), SHUT_WR);
  if (direction_ == Direction::Out) ::shutdown(socket_.get(), SHUT_RD);
  return watch_.open(state_.uvLoop(), state_.handles(), socket_.get(), *this);
}

void SocketConnection::begin(Id id) {
  id_ = id;
  hold();
  if (direction_ == Direction::Out) endReading({});
  watch(true);
}

void SocketConnection::begin(Id id, std::weak_ptr<ConnectionOrigin> origin) {
  origin_ = std::move(origin);
  accepted_ = true;
  begin(id);
  // Most clients have sent their first frame by now: that spares them a turn of the loop.
  if (mayRead()) receive(false);
  conclude();
}

void SocketConnection::abandon() {
  if (isOpen()) release({});
}

Traffic SocketConnection::traffic() const {
  return {input_.bytes(), output_.written(), input_.frames(), output_.frames()};
}

// --- From JavaScript ---------------------------------------------------------------------------

Failure SocketConnection::whyNotSend() const {
  if (direction_ == Direction::In) return errnoFailure(EPIPE, "write", "this end only receives: its direction is 'in'");
  if (!isOpen() || closing_) return errnoFailure(EPIPE, "write", "the pipe is closed");
  if (sending_ended_) return errnoFailure(EPIPE, "write", "sending was ended");
  if (peer_gone_) return errnoFailure(EPIPE, "write");
  return {};
}

Outcome<size_t> SocketConnection::send(std::span<const std::span<const uint8_t>> frames) {
  if (const Failure failure = whyNotSend()) return failure;
  return output_.append(socket_.get(), frames);
}

void SocketConnection::flush() {
  if (!isOpen() || blocked_) return;
  write();
  conclude();
  watch(false);
}

void SocketConnection::consumed(size_t bytes) {
  unread_ -= std::min(bytes, unread_);
  watch(false);
}

void SocketConnection::endSending(Id request) {
  const Failure failure = whyNotSend();
  if (failure && (direction_ != Direction::In || !isOpen()))
    return state_.report({Event::Kind::Settled, request, 0, failure});
  sending_ended_ = true;
  ending_ = request;
  flush();
}

void SocketConnection::close() {
  if (!isOpen() || closing_) return;
  closing_ = true;
  flush();
  conclude();
  watch(false);
}

void SocketConnection::destroy(const Failure& failure) {
  if (isOpen()) release(failure);
}

void SocketConnection::waitForDrain(Id request) {
  if (isOpen()) return drains_.add(request);
  state_.report({Event::Kind::Settled, request, 0, errnoFailure(EPIPE, "waitForDrain")});
}

void SocketConnection::keepAlive(bool on) {
  keep_alive_ = on;
  hold();
}

Outcome<std::shared_ptr<Identity>> SocketConnection::identity(bool to_act) {
  const std::lock_guard lock(releasing_);
  if (!accepted_) return Failure{"ERR_PIPE_CANNOT_IMPERSONATE", "runAsClient", 0, "only a server has a client", {}};
  if (!isOpen()) return errnoFailure(EPIPE, "runAsClient", "the pipe is closed");
  return takeClientIdentity(socket_.get(), to_act);
}

// --- From libuv --------------------------------------------------------------------------------

void SocketConnection::polled(int status, int events) {
  const auto self = shared_from_this();
  const bool needless = status == 0 && !(events & interest());
  state_.busyPoll().heard({self, this});  // its base is nobody else's to convert to
  {
    const Turn turn(state_, Turn::Of::Polling);
    const bool peer_moved = status < 0 || events & (UV_DISCONNECT | PollWatch::kHangUpOnly);
    if (peer_moved) {
      half_closed_ = true;
      lookForPeer();
    }
    if (closing_)
      input_.discard(socket_.get());
    else
      receive(peer_moved);
    if (blocked_ || peer_gone_) write();
    conclude();
  }
  watch(needless || ended_);
}

// Half-closed, or gone: only the kernel knows.
void SocketConnection::lookForPeer() {
  if (peer_gone_) return;
  pollfd poll{socket_.get(), POLLPRI, 0};
  if (::poll(&poll, 1, 0) <= 0) return;
  peer_gone_ = poll.revents & (POLLHUP | POLLERR);
  // An out-of-band byte, which no pipe knows, must not look like a hang-up for ever.
  char byte;
  if (poll.revents & POLLPRI) ::recv(socket_.get(), &byte, 1, MSG_OOB | MSG_DONTWAIT);
}

// What a peer that has gone left in the kernel is bounded by the kernel, and so read whatever the
// mark is: nothing else tells JavaScript at once.
void SocketConnection::receive(bool to_the_end) {
  size_t bytes = 0;
  for (int i = 0; i < kReads && bytes < kReadBytes && mayRead(); ++i) {
    SocketInput::Step step = input_.read(socket_.get());
    bytes += step.bytes;
    if (step.bytes > 0) state_.recentReaders().add(input_);
    if (!step.chunk.frames.empty()) {
      unread_ += step.chunk.length;
      state_.report({Event::Kind::Frames, id_, 0, {}, std::move(step.chunk)});
    }
    if (step.state == SocketInput::Step::State::Ended) return endReading(step.failure);
    if (step.state == SocketInput::Step::State::Nothing || (step.emptied && !to_the_end)) return;
  }
}

void SocketConnection::endReading(const Failure& failure) {
  ended_ = true;
  state_.report({Event::Kind::Ended, id_, 0, failure});
  lookForPeer();
}

// --- Both --------------------------------------------------------------------------------------

void SocketConnection::write() {
  state_.busyPoll().sent(*this);
  const SocketOutput::State state = output_.write(socket_.get());
  blocked_ = state == SocketOutput::State::Blocked;
  if (state == SocketOutput::State::Broken) {
    // What has arrived is read to its end, and then this is over: a pipe is not half broken.
    ::shutdown(socket_.get(), SHUT_RDWR);
    peer_gone_ = true;
    return settleEnding(output_.failure());
  }
  if (output_.takeDrained()) state_.report({Event::Kind::Drained, id_});
  if (sending_ended_ && output_.empty()) {
    ::shutdown(socket_.get(), SHUT_WR);
    settleEnding({});
  }
}

void SocketConnection::settleEnding(const Failure& failure) {
  const Id request = std::exchange(ending_, 0);
  if (request) state_.report({Event::Kind::Settled, request, 0, failure, {}, int64_t{1}});
}

// Whether this is the end.
void SocketConnection::conclude() {
  if (!isOpen()) return;
  const Failure& broken = output_.failure();
  if (broken && (closing_ || ended_)) return release(broken);
  if (closing_ && output_.empty()) {
    // Unread input would make the kernel tell the peer of a reset, where we end in good order.
    if (input_.discard(socket_.get())) {
      ::shutdown(socket_.get(), SHUT_RD);  // or one who writes on and on could keep us here
      while (input_.discard(socket_.get())) {
      }
    }
    return release({});
  }
  if (ended_ && peer_gone_) return release(output_.empty() ? Failure{} : errnoFailure(EPIPE, "write"));
  hold();
}

// A connection whose end is decided lives until its bytes are out, whether anybody cares for it or not.
void SocketConnection::hold() {
  retention_.set(isOpen() && (keep_alive_ || ((closing_ || sending_ended_) && !output_.empty())));
}

int SocketConnection::interest() const {
  int events = blocked_ ? UV_WRITABLE : 0;
  if (mayRead() || (closing_ && !half_closed_))
    events |= kReading;
  else
    events |= ended_ || half_closed_ ? PollWatch::kHangUpOnly : UV_DISCONNECT;
  return events;
}

// A watch is widened at once, but narrowed only when it has woken the loop for nothing: most of the
// time the next event is of the same kind, and each change costs two system calls.
void SocketConnection::watch(bool narrow) {
  if (!isOpen()) return;
  const int events = interest();
  if (narrow || (watch_.wanted() & events) != events) watch_.want(events);
}

void SocketConnection::release(const Failure& failure) {
  drains_.finish();
  state_.recentReaders().remove(input_);
  settleEnding(errnoFailure(EPIPE, "write", "the pipe was closed before everything was sent"));
  watch_.close();
  {
    const std::lock_guard lock(releasing_);
    socket_.reset();
  }
  output_.clear();
  hold();
  state_.report({Event::Kind::Closed, id_, 0, failure});
  if (const auto origin = origin_.lock()) origin->connectionReleased();
}

}  // namespace framepipe::posix
