// What a server that ended without closing leaves behind. JS thread only.
#pragma once
#include "core/failure.h"
#include "posix/socket_address.h"

namespace framepipe::posix {

// Removes the socket at this address if it is ours and provably dead; no failure if the address is
// free now. Otherwise EADDRINUSE, with what is in the way.
Failure removeStaleSocket(const sockaddr_un& address);

}  // namespace framepipe::posix
