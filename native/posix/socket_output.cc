#include "posix/socket_output.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "posix/errno_failure.h"

namespace framepipe::posix {

namespace {

constexpr size_t kStretches = 32;  // handed over at once
constexpr int kWrites = 32;        // then others have their turn
constexpr int kSendFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
constexpr size_t kMessageOverhead = 32;          // what unix_dgram_sendmsg() keeps of the buffer
constexpr size_t kGreatestMessage = 4u << 20;    // beyond it the kernel finds no memory in one piece

using Stretches = std::array<std::span<const uint8_t>, kStretches>;

iovec vectorOf(std::span<const uint8_t> bytes) {
  return {const_cast<uint8_t*>(bytes.data()), bytes.size()};
}

ssize_t sendGathered(int socket, std::span<const std::span<const uint8_t>> stretches) {
  std::array<iovec, kStretches> vectors;
  std::transform(stretches.begin(), stretches.end(), vectors.begin(), vectorOf);
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = stretches.size();
  return ::sendmsg(socket, &message, kSendFlags);
}

size_t sendBuffer(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
  return static_cast<size_t>(bytes);
}

}  // namespace

void raiseSendBuffer(int socket, size_t bytes) {
  if (sendBuffer(socket) >= bytes) return;
  const int half = static_cast<int>(std::min<size_t>(bytes / 2 + 1, INT_MAX));  // the kernel doubles it
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
}

SocketOutput::SocketOutput(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t high_water_mark)
    : queue_(framing, std::move(pool)),
      messages_(framing.kind == FramingKind::Message),
      high_water_mark_(high_water_mark) {}

Outcome<size_t> SocketOutput::append(int socket, std::span<const std::span<const uint8_t>> frames) {
  if (failure_) return failure_;
  if (messages_) {
    for (const auto& frame : frames)
      if (!admits(socket, frame.size()))
        return errnoFailure(EMSGSIZE, "write",
                            "a message must fit the socket's send buffer (net.core.wmem_max); "
                            "framing.lengthPrefix() has no such limit");
  }
  if (const Failure failure = queue_.append(frames)) return failure;
  frames_ += frames.size();
  if (queue_.queued() > high_water_mark_) above_mark_ = true;
  return queue_.queued();
}

// The buffer grows with the messages that are sent, so that it bounds what a slow reader costs.
bool SocketOutput::admits(int socket, size_t message) {
  if (message <= message_limit_) return true;
  if (message > kGreatestMessage) return false;
  raiseSendBuffer(socket, message + kMessageOverhead);
  message_limit_ = sendBuffer(socket) - kMessageOverhead;
  return message <= message_limit_;
}

SocketOutput::State SocketOutput::write(int socket) {
  for (int i = 0; i < kWrites && !queue_.empty(); ++i) {
    const int error = messages_ ? writeMessages(socket) : writeStream(socket);
    if (error == EAGAIN || error == EWOULDBLOCK) return State::Blocked;
    if (error && error != EINTR) return broken(error);
  }
  return queue_.empty() ? State::Empty : State::Blocked;
}

int SocketOutput::writeStream(int socket) {
  Stretches stretches;
  const size_t count = queue_.gather(stretches);
  const ssize_t sent = count == 1 ? ::send(socket, stretches[0].data(), stretches[0].size(), kSendFlags)
                                  : sendGathered(socket, {stretches.data(), count});
  if (sent < 0) return errno;
  bytes_ += static_cast<size_t>(sent);
  queue_.sent(static_cast<size_t>(sent));
  return 0;
}

int SocketOutput::writeMessages(int socket) {
  Stretches stretches;
  std::array<iovec, kStretches> vectors;
  std::array<mmsghdr, kStretches> messages{};
  const size_t count = queue_.gather(stretches);
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = vectorOf(stretches[i]);
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), kSendFlags);
  if (sent < 0) return errno;
  for (int i = 0; i < sent; ++i) {
    bytes_ += stretches[i].size();
    queue_.sent(stretches[i].size());
  }
  return 0;
}

SocketOutput::State SocketOutput::broken(int error) {
  // The peer left, or reads no more; whether it left something unread is of no concern to a writer.
  const bool gone = error == EPIPE || error == ECONNRESET || error == ENOTCONN;
  reset_ = error == ECONNRESET;
  failure_ = errnoFailure(gone ? EPIPE : error, "write");
  queue_.clear();
  return State::Broken;
}

bool SocketOutput::takeDrained() {
  if (!above_mark_ || queue_.queued() > high_water_mark_ / 2) return false;
  above_mark_ = false;
  return true;
}

}  // namespace framepipe::posix
