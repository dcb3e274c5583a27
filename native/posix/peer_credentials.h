// Who is at the other end of a socket, by the kernel's word: for an accepted connection the process
// that called connect(), for a client the one that called listen(). Any thread.
#pragma once
#include "core/connection.h"
#include "core/outcome.h"

namespace framepipe::posix {

Outcome<Peer> peerOf(int socket, const char* syscall);

}  // namespace framepipe::posix
