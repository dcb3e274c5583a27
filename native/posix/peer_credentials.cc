#include "posix/peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>

#include "posix/errno_failure.h"

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

}  // namespace framepipe::posix
