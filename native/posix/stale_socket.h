// What a server that ended without closing leaves behind. JS thread only.
#pragma once
#include <string>

#include "core/outcome.h"
#include "posix/socket_address.h"

namespace framepipe::posix {

// Puts `socket`, which is not bound yet, in the place of the one at this address if that is ours and provably dead, so
// that the name is never free. False: the address is free by now, and the socket not bound. Fails with EADDRINUSE, and
// says what is in the way.
Outcome<bool> replaceStaleSocket(int socket, const sockaddr_un& address);

}  // namespace framepipe::posix
