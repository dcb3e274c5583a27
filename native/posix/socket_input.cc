#include "posix/socket_input.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <utility>

#include "posix/errno_failure.h"

namespace framepipe::posix {

namespace {

constexpr int kDiscards = 64;

// recv() returns 0 for an empty message and for the end alike; but only a message has a sender,
// which the kernel tells when it is asked to. Takes the message.
bool takeEmptyMessage(int socket) {
  int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];  // no room for descriptors, by intent
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  on = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return count == 0 && message.msg_controllen > 0;
}

}  // namespace

SocketInput::SocketInput(const Framing& framing, std::shared_ptr<BlockPool> pool)
    : receiver_(framing, std::move(pool)),
      messages_(framing.kind == FramingKind::Message),
      max_frame_length_(framing.max_frame_length) {}

// A stream reports ECONNRESET once, after the data; a SOCK_SEQPACKET socket once, before the data.
// Reading on meets the data, or the end, either way.
int64_t SocketInput::receive(int socket, std::span<uint8_t> room, int flags) {
  for (;;) {
    const ssize_t count = ::recv(socket, room.data(), room.size(), flags | MSG_DONTWAIT);
    if (count >= 0) return count;
    if (errno == ECONNRESET)
      reset_ = true;
    else if (errno != EINTR)
      return -1;
  }
}

SocketInput::Step SocketInput::read(int socket) {
  return messages_ ? readMessage(socket) : readStream(socket);
}

SocketInput::Step SocketInput::readStream(int socket) {
  const std::span<uint8_t> room = receiver_.room();
  const int64_t count = receive(socket, room, 0);
  if (count < 0) return failed(errno);
  if (count == 0) return ended();
  Step step = arrived(static_cast<size_t>(count), false);
  step.emptied = static_cast<size_t>(count) < room.size();
  // A large block is soon had again from the pool: no idle connection keeps one.
  if (step.emptied && room.size() >= BlockPool::kLeastSize) rest();
  return step;
}

// The kernel keeps a message's boundaries but not what a read leaves of it: so its size comes first.
SocketInput::Step SocketInput::readMessage(int socket) {
  const int64_t size = receive(socket, {}, MSG_PEEK | MSG_TRUNC);
  if (size < 0) return failed(errno);
  if (static_cast<size_t>(size) > max_frame_length_) return refuse(static_cast<size_t>(size));
  const std::span<uint8_t> room = receiver_.room(static_cast<size_t>(size));
  if (size == 0) return takeEmptyMessage(socket) ? arrived(0, true) : ended();
  const int64_t count = receive(socket, room, 0);
  return count < 0 ? failed(errno) : arrived(static_cast<size_t>(count), true);
}

SocketInput::Step SocketInput::arrived(size_t bytes, bool message_ends) {
  Step step;
  step.state = Step::State::Arrived;
  step.bytes = bytes;
  step.failure = receiver_.arrived(bytes, step.chunk, message_ends);
  if (step.failure) step.state = Step::State::Ended;
  bytes_ += bytes;
  frames_ += step.chunk.frames.size();
  return step;
}

SocketInput::Step SocketInput::refuse(size_t size) {
  Step step;
  step.state = Step::State::Ended;
  step.failure =
      Failure::of({"ERR_FRAME_TOO_LARGE", "longer than maxFrameLength", size, max_frame_length_, bytes_}, "read");
  return step;
}

SocketInput::Step SocketInput::ended() {
  Step step;
  step.state = Step::State::Ended;
  step.failure = receiver_.ended();
  return step;
}

SocketInput::Step SocketInput::failed(int error) {
  Step step;
  if (error == EAGAIN || error == EWOULDBLOCK) {
    rest();
    return step;
  }
  step.state = Step::State::Ended;
  step.failure = errnoFailure(error, "read");
  return step;
}

bool SocketInput::discard(int socket) {
  std::array<uint8_t, 16 << 10> bytes;
  for (int i = 0; i < kDiscards; ++i)
    if (receive(socket, bytes, 0) <= 0) return false;
  return true;
}

}  // namespace framepipe::posix
