// The identity of the process that connected to a socket: its user, group and supplementary groups at that time, by
// the kernel's word. Any thread.
#pragma once
#include <memory>

#include "core/connection.h"
#include "core/outcome.h"
#include "impersonation/client.h"
#include "posix/credentials.h"

namespace framepipe::posix {

// `socket` must stay open meanwhile. `capabilities`: the client's, as they were when it was accepted. `to_act`: fails with
// ERR_PIPE_CANNOT_IMPERSONATE when this process may not become that user; the calling thread tries it, so not the JS thread.
Outcome<std::shared_ptr<Identity>> takeIdentity(int socket, const CapabilitySet& capabilities, bool to_act);

// The same for later, when the socket is closed; null when the system does not tell who the client is. `peer`: as
// peerOf() told it when the client was accepted.
std::shared_ptr<Client> keepClient(int socket, const Peer& peer, const CapabilitySet& capabilities);

}  // namespace framepipe::posix
