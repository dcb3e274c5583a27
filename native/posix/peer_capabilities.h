// What the root at the other end of a socket may do. Any thread.
#pragma once
#include "core/connection.h"
#include "posix/credentials.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

// The process of the latest of several clients that are accepted one after the other: for the next one of the same process,
// the kernel need not make a descriptor of it.
class ClientProcess {
 public:
  // Whether the number, after all was read by it, still is that of the process that connected. Before Linux 6.5 the kernel
  // does not tell, and the number alone has to do.
  // While the process that is known lives, nobody else has had its number since it connected; and whoever is accepted
  // from the same listener after it has connected after it.
  bool has(pid_t number, int socket) noexcept;

 private:
  bool lives() const noexcept;

  pid_t number_ = 0;
  UniqueFd process_;
};

// The capabilities of the process that connected, as they are now: to be asked when it is accepted, for the kernel keeps
// them no longer than the process. None of anybody but root, who would not have them for long enough to be acted as (a
// program that is started with more of them keeps its number); none in another user namespace, where they say nothing
// about this one; and none of whom nothing can be learned, as one who has left.
CapabilitySet capabilitiesOf(int socket, const Peer& peer, ClientProcess& last) noexcept;

}  // namespace framepipe::posix
