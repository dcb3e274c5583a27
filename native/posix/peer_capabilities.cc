#include "posix/peer_capabilities.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

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

// What names a user namespace among all that there are, such as "user:[4026531837]". Nothing when it is not told.
class UserNamespace {
 public:
  explicit UserNamespace(const char* link) : length_(::readlink(link, name_.data(), name_.size())) {}
  std::string_view name() const { return {name_.data(), length_ > 0 ? static_cast<size_t>(length_) : 0}; }

 private:
  std::array<char, 64> name_{};
  ssize_t length_;
};

bool sharesUserNamespace(pid_t process) {
  // Looked up once: the kernel moves no process of several threads to another one.
  static const UserNamespace ours("/proc/self/ns/user");
  char link[64];
  std::snprintf(link, sizeof link, "/proc/%d/ns/user", static_cast<int>(process));
  return !ours.name().empty() && UserNamespace(link).name() == ours.name();
}

}  // namespace

bool ClientProcess::has(pid_t number, int socket) noexcept {
  if (process_ && number_ == number && lives()) return true;
  int process = -1;
  socklen_t size = sizeof process;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &process, &size)) {
    const bool untold = errno == ENOPROTOOPT;
    process_.reset();
    return untold;
  }
  process_ = UniqueFd(process);
  number_ = number;
  return lives();
}

bool ClientProcess::lives() const noexcept {
  return syscall(SYS_pidfd_send_signal, process_.get(), 0, nullptr, 0) == 0 || errno == EPERM;
}

CapabilitySet capabilitiesOf(int socket, const Peer& peer, ClientProcess& last) noexcept {
  if (peer.uid != 0 || peer.pid <= 0) return {};
  CapabilitySet found{};
  // Our main thread may be acting as somebody else at this moment, but not this one.
  if (peer.pid == getpid()) return readCapabilities(0, found) ? found : CapabilitySet{};
  const auto process = static_cast<pid_t>(peer.pid);
  if (!readCapabilities(process, found) || !sharesUserNamespace(process) || !last.has(process, socket)) return {};
  return found;
}

}  // namespace framepipe::posix
