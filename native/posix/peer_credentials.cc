#include "posix/peer_credentials.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "posix/errno_failure.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

namespace framepipe::posix {

Outcome<Peer> peerOf(int socket, const char* syscall) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size)) return errnoFailure(errno, syscall);
  Peer peer;
  if (credentials.pid > 0) peer.pid = credentials.pid;  // 0: a process that this namespace cannot see
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  return peer;
}

int peerGroups(int socket, std::vector<gid_t>& groups) {
  std::array<gid_t, 64> few;  // as most have
  socklen_t size = sizeof few;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, few.data(), &size) == 0) {
    groups.assign(few.begin(), few.begin() + size / sizeof(gid_t));
    return 0;
  }
  // Too little room is an error that tells how much it takes.
  do {
    if (errno != ERANGE) return errno;
    groups.resize(size / sizeof(gid_t));
  } while (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size));
  groups.resize(size / sizeof(gid_t));
  return 0;
}

}  // namespace framepipe::posix
