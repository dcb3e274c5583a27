#include "posix/stale_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "posix/errno_failure.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

namespace {

constexpr const char* kServed = "somebody serves this name already";

Failure inUse(const char* hint = kServed) {
  return errnoFailure(EADDRINUSE, "listen", hint);
}

bool sameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Between the proof that a socket is dead and its removal nobody else may remove it and bind his
// own: that would be removed then. So it takes the lock `path.lock`, which is gone afterwards.
class RemovalLock {
 public:
  explicit RemovalLock(const std::string& path)
      : path_(path + ".lock"), file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    held_ = file_ && ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 && stillThere();
  }
  RemovalLock(const RemovalLock&) = delete;
  RemovalLock& operator=(const RemovalLock&) = delete;
  // Unlinked while it is held: who opened it meanwhile sees that his is not the one at the path.
  ~RemovalLock() {
    if (held_) ::unlink(path_.c_str());
  }

  bool opened() const { return static_cast<bool>(file_); }
  bool held() const { return held_; }

 private:
  bool stillThere() const {
    struct stat mine, there;
    return ::fstat(file_.get(), &mine) == 0 && ::lstat(path_.c_str(), &there) == 0 && sameFile(mine, there);
  }

  std::string path_;
  UniqueFd file_;
  bool held_;
};

// Connecting with a type that no pipe has asks the kernel for the socket behind the file without
// becoming anybody's client: EPROTOTYPE says that there is one, even one that does not listen yet,
// and ECONNREFUSED that there is none.
bool isDead(const sockaddr_un& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe && connectTo(probe.get(), address) < 0 && errno == ECONNREFUSED;
}

}  // namespace

Failure removeStaleSocket(const sockaddr_un& address) {
  const char* path = address.sun_path;
  struct stat found;
  if (::lstat(path, &found)) return errno == ENOENT ? Failure{} : errnoFailure(errno, "listen");
  if (!S_ISSOCK(found.st_mode)) return inUse("there is a file at this path that is not a socket; it was left alone");
  if (!isDead(address)) return inUse();
  if (found.st_uid != ::geteuid()) return inUse("a socket that another user left behind is at this path");

  const RemovalLock lock(path);
  if (!lock.opened()) return inUse("a dead socket is at this path, and path.lock cannot be opened");
  if (!lock.held()) return inUse("another process is taking the name over");
  const bool dead = isDead(address);
  struct stat now;
  if (::lstat(path, &now)) return errno == ENOENT ? Failure{} : errnoFailure(errno, "listen");
  if (!dead || !sameFile(found, now)) return inUse();
  if (::unlink(path) && errno != ENOENT) return errnoFailure(errno, "listen");
  return {};
}

}  // namespace framepipe::posix
