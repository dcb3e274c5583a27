// Who is at the other end of a socket, by the kernel's word: for an accepted connection the process
// that called connect(), for a client the one that called listen(). Any thread.
#pragma once
#include <sys/types.h>

#include <vector>

#include "core/connection.h"
#include "core/outcome.h"

namespace framepipe::posix {

Outcome<Peer> peerOf(int socket, const char* syscall);

// Its supplementary groups; 0, or an errno.
int peerGroups(int socket, std::vector<gid_t>& groups);

}  // namespace framepipe::posix
