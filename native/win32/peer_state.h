// What Windows knows of the other end of a pipe. Any thread.
#pragma once
#include <windows.h>

#include "core/connection.h"

namespace framepipe::win32 {

// Its process and session, as far as Windows can tell: not for a peer on another machine.
Peer peerOf(HANDLE pipe, bool server);

// On a client's end: whether the server has let go of it. There is no request that would wait for this
// without reading.
bool serverLeft(HANDLE pipe);

}  // namespace framepipe::win32
