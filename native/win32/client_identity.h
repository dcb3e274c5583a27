// The identity of a pipe's client: the token that it let the server have. Any thread.
#pragma once
#include <windows.h>

#include <memory>
#include <string>

#include "core/outcome.h"
#include "impersonation/client.h"
#include "impersonation/identity.h"

namespace framepipe::win32 {

// `pipe`, a server's end, must stay open meanwhile. `to_act`: fails with ERR_PIPE_CANNOT_IMPERSONATE when the token does
// not suffice to act as the client; the calling thread tries it, so not the JS thread.
Outcome<std::shared_ptr<Identity>> takeClientIdentity(HANDLE pipe, bool to_act);

// The same for later, when `pipe` is closed.
std::shared_ptr<Client> keepClient(HANDLE pipe);

// The SID of the client's user; empty if it is nobody to us, as an anonymous client is.
std::string clientSid(HANDLE pipe);

}  // namespace framepipe::win32
