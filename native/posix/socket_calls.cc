#include "posix/socket_calls.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace framepipe::posix {

namespace {

constexpr size_t kStretches = 32;
constexpr int kSendFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
constexpr size_t kMessageOverhead = 32;        // what unix_dgram_sendmsg() keeps of the buffer
constexpr size_t kGreatestMessage = 4u << 20;  // beyond it the kernel finds no memory in one piece

using Stretches = std::span<const std::span<const uint8_t>>;

iovec vectorOf(std::span<const uint8_t> bytes) {
  return {const_cast<uint8_t*>(bytes.data()), bytes.size()};
}

size_t sendBuffer(int socket) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
  return static_cast<size_t>(bytes);
}

}  // namespace

// A stream reports ECONNRESET once, after the data; a SOCK_SEQPACKET socket once, before the data.
// Reading on meets the data, or the end, either way.
int64_t receive(int socket, std::span<uint8_t> room, int flags, bool& was_reset) {
  for (;;) {
    const ssize_t count = ::recv(socket, room.data(), room.size(), flags | MSG_DONTWAIT);
    if (count >= 0) return count;
    if (errno == ECONNRESET)
      was_reset = true;
    else if (errno != EINTR)
      return -errno;
  }
}

// recv() returns 0 for an empty message and for the end alike; but only a message has a sender,
// which the kernel tells when it is asked to.
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

int64_t send(int socket, Stretches stretches) {
  ssize_t sent;
  if (stretches.size() == 1) {
    sent = ::send(socket, stretches[0].data(), stretches[0].size(), kSendFlags);
  } else {
    std::array<iovec, kStretches> vectors;
    const size_t count = std::min(stretches.size(), kStretches);
    std::transform(stretches.begin(), stretches.begin() + static_cast<ptrdiff_t>(count), vectors.begin(), vectorOf);
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    sent = ::sendmsg(socket, &message, kSendFlags);
  }
  return sent < 0 ? -errno : sent;
}

int sendMessages(int socket, Stretches stretches) {
  std::array<iovec, kStretches> vectors;
  std::array<mmsghdr, kStretches> messages{};
  const size_t count = std::min(stretches.size(), kStretches);
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = vectorOf(stretches[i]);
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), kSendFlags);
  return sent < 0 ? -errno : sent;
}

// The buffer grows with the messages that are sent, so that it bounds what a slow reader costs.
size_t messageLimit(int socket, size_t wanted) {
  if (wanted <= kGreatestMessage) raiseSendBuffer(socket, wanted + kMessageOverhead);
  return std::min(sendBuffer(socket) - kMessageOverhead, kGreatestMessage);
}

void raiseSendBuffer(int socket, size_t bytes) {
  if (sendBuffer(socket) >= bytes) return;
  const int half = static_cast<int>(std::min<size_t>(bytes / 2 + 1, INT_MAX));  // the kernel doubles it
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
}

uint64_t unreadBound(int socket) {
  int bytes = 0;
  ::ioctl(socket, SIOCOUTQ, &bytes);
  return static_cast<uint64_t>(bytes);
}

PeerState peerState(int socket) {
  pollfd poll{socket, POLLPRI, 0};
  if (::poll(&poll, 1, 0) <= 0) return {};
  // An out-of-band byte, which no pipe knows, must not look like a hang-up for ever.
  char byte;
  if (poll.revents & POLLPRI) ::recv(socket, &byte, 1, MSG_OOB | MSG_DONTWAIT);
  return {.left = (poll.revents & (POLLHUP | POLLERR)) != 0, .broken = (poll.revents & POLLERR) != 0};
}

}  // namespace framepipe::posix
