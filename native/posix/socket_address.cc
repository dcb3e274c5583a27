#include "posix/socket_address.h"

#include <cerrno>
#include <cstring>

#include "posix/errno_failure.h"

namespace framepipe::posix {

Outcome<sockaddr_un> socketAddress(const std::string& path, const char* syscall) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return errnoFailure(EINVAL, syscall, "the path is empty");
  if (path.find('\0') != std::string::npos) return errnoFailure(EINVAL, syscall, "the path contains a NUL");
  if (path.size() >= sizeof address.sun_path)
    return errnoFailure(ENAMETOOLONG, syscall, "a socket's path has at most 107 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int connectTo(int socket, const sockaddr_un& address) {
  int result;
  do result = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (result < 0 && errno == EINTR);
  return result;
}

int socketType(const Framing& framing) {
  const int type = framing.kind == FramingKind::Message ? SOCK_SEQPACKET : SOCK_STREAM;
  return type | SOCK_CLOEXEC | SOCK_NONBLOCK;
}

}  // namespace framepipe::posix
