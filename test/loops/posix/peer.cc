// Unix sockets.
#include "loops/peer.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "loops/check.h"

namespace framepipe::test {

namespace {

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

bool isReady(int fd, short events, int wait) {
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, wait) == 1;
}

// What one recv() brings: 0 at the end, -1 if nothing comes or it failed, with errno.
ssize_t receive(int fd, char* into, size_t room, int wait) {
  errno = EAGAIN;
  return isReady(fd, POLLIN, wait) ? ::recv(fd, into, room, MSG_DONTWAIT) : -1;
}

int fdOf(RawPeer::Handle handle) {
  return static_cast<int>(handle);
}

// How long send() and connect() wait, once they wait at all.
void limitSending(RawPeer::Handle handle, int wait) {
  const timeval limit{wait / 1000, wait % 1000 * 1000 + 1000};
  ::setsockopt(fdOf(handle), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

RawPeer RawPeer::connect(const ListenOptions& served, int wait) {
  const int type = served.framing.kind == FramingKind::Message ? SOCK_SEQPACKET : SOCK_STREAM;
  RawPeer peer(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  limitSending(peer.handle_, wait);
  const sockaddr_un address = addressOf(served.path);
  const int result = ::connect(fdOf(peer.handle_), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result == 0) return peer;
  const int error = errno;
  peer.leave();
  errno = error;
  return peer;
}

bool RawPeer::write(std::string_view bytes, int wait) const {
  limitSending(handle_, wait);
  do {
    const ssize_t count = ::send(fdOf(handle_), bytes.data(), bytes.size(), MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  } while (!bytes.empty());
  return true;
}

std::string RawPeer::read(size_t count, int wait) const {
  std::string bytes(count, '\0');
  size_t got = 0;
  while (got < count) {
    const ssize_t more = receive(fdOf(handle_), bytes.data() + got, count - got, wait);
    if (more <= 0) break;
    got += static_cast<size_t>(more);
  }
  bytes.resize(got);
  return bytes;
}

std::string RawPeer::readMessage() const {
  std::string bytes(1u << 20, '\0');
  const ssize_t count = receive(fdOf(handle_), bytes.data(), bytes.size(), kPatience);
  CHECK(count >= 0);
  bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

RawPeer::Rest RawPeer::readToEnd() const {
  std::string all;
  char buffer[65536];
  for (;;) {
    const ssize_t count = receive(fdOf(handle_), buffer, sizeof buffer, kPatience);
    if (count <= 0) return {std::move(all), count == 0};
    all.append(buffer, static_cast<size_t>(count));
  }
}

void RawPeer::leave() {
  if (handle_ != kNone) ::close(fdOf(std::exchange(handle_, kNone)));
}

RawServer::RawServer(const std::string& path) : waiting_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = addressOf(path);
  CHECK(::bind(fdOf(handle()), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(::listen(fdOf(handle()), 16) == 0);
}

RawPeer RawServer::accept() {
  CHECK(isReady(fdOf(handle()), POLLIN, kPatience));
  return RawPeer(::accept4(fdOf(handle()), nullptr, nullptr, SOCK_CLOEXEC));
}

}  // namespace framepipe::test
