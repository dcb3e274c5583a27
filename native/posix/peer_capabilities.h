// What the root at the other end of a socket may do. Any thread.
#pragma once
#include "core/connection.h"
#include "posix/credentials.h"

namespace framepipe::posix {

// The capabilities of the process that connected, as they are now: to be asked when it is accepted, for the kernel keeps
// them no longer than the process. None of anybody but root, who would not have them for long enough to be acted as (a
// program that is started with more of them keeps its number); none in another user namespace, where they say nothing
// about this one; and none of whom nothing can be learned, as one who has left.
CapabilitySet capabilitiesOf(int socket, const Peer& peer) noexcept;

}  // namespace framepipe::posix
