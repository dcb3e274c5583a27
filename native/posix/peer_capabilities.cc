#include "posix/peer_capabilities.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "posix/unique_fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

namespace framepipe::posix {

namespace {

// Of the main thread: whoever connected on another one, which has given some of them up, is taken for it.
bool readCapabilities(pid_t process, CapabilitySet& into) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, process};
  __user_cap_data_struct words[2]{};
  if (syscall(SYS_capget, &header, words)) return false;
  into = {words[0].effective, words[1].effective};
  return true;
}

bool sharesUserNamespace(pid_t process) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/ns/user", static_cast<int>(process));
  struct stat theirs, ours;
  return ::stat(path, &theirs) == 0 && ::stat("/proc/self/ns/user", &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

// Whether the number, after all was read by it, still is the number of the process that connected. Before Linux 6.5 the
// kernel does not tell, and the number alone has to do.
class Origin {
 public:
  explicit Origin(int socket) {
    int process = -1;
    socklen_t size = sizeof process;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &process, &size) == 0)
      process_ = UniqueFd(process);
    else
      unknown_ = errno == ENOPROTOOPT;
  }

  bool holdsNumber() const {
    if (!process_) return unknown_;
    return syscall(SYS_pidfd_send_signal, process_.get(), 0, nullptr, 0) == 0 || errno == EPERM;
  }

 private:
  UniqueFd process_;
  bool unknown_ = false;
};

}  // namespace

CapabilitySet capabilitiesOf(int socket, const Peer& peer) noexcept {
  if (peer.uid != 0 || peer.pid <= 0) return {};
  CapabilitySet found{};
  // Our main thread may be acting as somebody else at this moment, but not this one.
  if (peer.pid == getpid()) return readCapabilities(0, found) ? found : CapabilitySet{};
  const auto process = static_cast<pid_t>(peer.pid);
  const Origin origin(socket);
  if (!readCapabilities(process, found) || !sharesUserNamespace(process) || !origin.holdsNumber()) return {};
  return found;
}

}  // namespace framepipe::posix
