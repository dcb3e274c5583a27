// What Windows knows of the other end of a pipe. Any thread.
#pragma once
#include <windows.h>

#include <optional>

#include "core/connection.h"

namespace framepipe::win32 {

// Its process and session, as far as Windows can tell: not for a peer on another machine, which may say what it likes.
Peer peerOf(HANDLE pipe, bool server);

// What GetNamedPipeClientComputerNameW answered: whatever else it says than "the pipe is local", it may not be.
constexpr bool isLocalClient(bool named, DWORD error) {
  return !named && error == ERROR_PIPE_LOCAL;
}

// Whether a client is at this instance, or was and has left.
bool hasClient(HANDLE instance);

// Whether the other end has let go of the pipe; nothing when this handle may not ask. There is no request that would wait
// for it without reading.
std::optional<bool> peerLeft(HANDLE pipe);

}  // namespace framepipe::win32
