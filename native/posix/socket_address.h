// A socket's path as the kernel takes it. Any thread.
#pragma once
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "codec/framing.h"
#include "core/outcome.h"

namespace framepipe::posix {

// Fails with EINVAL or ENAMETOOLONG where the kernel would take another path than the one given.
Outcome<sockaddr_un> socketAddress(const std::string& path, const char* syscall);

// Where the operating system is to keep the boundaries of messages, the socket is of another type.
int socketType(const Framing& framing);

// At once: 0, or −1 with errno. Never waits for the server, so a signal in between leaves nothing half done.
int connectTo(int socket, const sockaddr_un& address);

}  // namespace framepipe::posix
