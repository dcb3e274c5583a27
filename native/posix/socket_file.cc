#include "posix/socket_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "posix/errno_failure.h"
#include "posix/stale_socket.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

namespace {

constexpr const char* kSyscall = "listen";

constexpr const char* kNoMode = "the socket's mode could not be set";

// Each round but the first follows on a socket that was removed: only others who take the name keep us from it.
constexpr int kRounds = 4;

}  // namespace

Failure SocketFile::bind(int socket, const std::string& path, const FileAccess& access) {
  const auto address = socketAddress(path, kSyscall);
  if (!address) return address.failure;
  // Linux gives the file the mode of the socket, less the umask: it is never open too wide.
  // With a group of its own it is the owner's alone until it has that.
  if (::fchmod(socket, access.group ? 0600 : access.mode)) return errnoFailure(errno, kSyscall);
  for (int round = 0; round < kRounds; ++round) {
    bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address.value), sizeof address.value) == 0;
    if (!bound) {
      if (errno == ENOENT) return errnoFailure(errno, kSyscall, "the socket's directory does not exist");
      if (errno != EADDRINUSE) return errnoFailure(errno, kSyscall);
      const Outcome<bool> replaced = replaceStaleSocket(socket, address.value);
      if (!replaced) return replaced.failure;
      bound = replaced.value;
    }
    if (!bound) continue;
    path_ = path;
    const Failure failure = recognise(access);
    if (failure) remove();
    return failure;
  }
  return errnoFailure(EADDRINUSE, kSyscall, "others take this name again and again");
}

// Not listened on yet, so that a mode which the umask had narrowed is widened in time.
Failure SocketFile::recognise(const FileAccess& access) {
  struct stat status;
  if (::lstat(path_.c_str(), &status)) return errnoFailure(errno, kSyscall);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return (status.st_mode & 0777) == access.mode && !access.group ? Failure{} : change(access, kSyscall);
}

Failure SocketFile::setAccess(const FileAccess& access) const {
  return change(access, "chmod");
}

// By descriptor: the path could name another file by now. fchmod() refuses O_PATH, but not /proc.
// Only who is in a group, or root, may give it a file: for others the check of each peer does alone what the mode would.
Failure SocketFile::change(const FileAccess& access, const char* syscall) const {
  const UniqueFd file(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status;
  if (!file || ::fstat(file.get(), &status)) return errnoFailure(errno, syscall);
  if (status.st_dev != device_ || status.st_ino != inode_)
    return errnoFailure(ENOENT, syscall, "another file has taken the socket's place");
  char self[32];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", file.get());
  mode_t mode = access.mode;
  if (access.group && status.st_gid != *access.group) {
    if (::chmod(self, 0600)) return errnoFailure(errno, syscall, kNoMode);
    if (::fchownat(file.get(), "", static_cast<uid_t>(-1), *access.group, AT_EMPTY_PATH)) {
      if (errno != EPERM)
        return errnoFailure(errno, syscall, "the socket could not be given to the group of its access");
      mode = 0666;
    }
  }
  if (::chmod(self, mode)) return errnoFailure(errno, syscall, kNoMode);
  return {};
}

void SocketFile::remove() {
  struct stat status;
  if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace framepipe::posix
