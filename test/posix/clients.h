// Clients that are other users, and credentials to compare. Most of it takes root.
#pragma once
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "impersonation/identity.h"
#include "loops/check.h"
#include "posix/acting.h"
#include "posix/client_identity.h"
#include "posix/credentials.h"
#include "posix/peer_capabilities.h"
#include "posix/peer_credentials.h"

namespace framepipe::test {

using posix::Credentials;
using posix::Subject;

inline const Subject kOther{12345, 12346, {777, 12346}};

inline bool isRoot() {
  return geteuid() == 0;
}

inline Credentials credentials() {
  Credentials now;
  CHECK(readCredentials(now) == 0);
  return now;
}

// One end of a connection whose other end is this thread's, as whoever it acts now.
struct Sockets {
  Sockets() { CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0); }
  ~Sockets() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

inline Outcome<std::shared_ptr<Identity>> take(int socket, bool to_act) {
  const auto peer = posix::peerOf(socket, "accept");
  if (!peer) return peer.failure;
  posix::ClientProcess none;
  return posix::takeIdentity(socket, posix::capabilitiesOf(socket, peer.value, none), to_act);
}

inline std::shared_ptr<Identity> identityOf(const Subject& subject) {
  CHECK(startActing(subject, posix::Until::SystemCalls) == 0);
  const Sockets sockets;
  posix::stopActing();
  const auto taken = take(sockets.ends[0], /*to_act=*/true);
  CHECK(static_cast<bool>(taken));
  return taken.value;
}

inline void setCapabilities(uint32_t effective, uint32_t permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct words[2]{{effective, permitted, 0}, {0, 0, 0}};
  CHECK(syscall(SYS_capset, &header, words) == 0);
}

constexpr uint32_t bit(int capability) {
  return 1u << capability;
}

// A server that is not root, but may become others and read everything.
inline void becomeCapable() {
  constexpr uint32_t kCapabilities = bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_DAC_OVERRIDE);
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && setgid(1000) == 0 && setuid(1000) == 0);
  setCapabilities(kCapabilities, kCapabilities);
}

}  // namespace framepipe::test
