#include "posix/stale_socket.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "posix/errno_failure.h"
#include "posix/own_lock.h"
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

// Connecting with a type that no pipe has asks the kernel for the socket behind the file without
// becoming anybody's client: EPROTOTYPE says that there is one, even one that does not listen yet,
// and ECONNREFUSED that there is none.
bool isDead(const sockaddr_un& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe && connectTo(probe.get(), address) < 0 && errno == ECONNREFUSED;
}

// A socket beside the dead one, under a name that nobody else can guess, until it takes the other one's place. (What shows
// sockets by name, as ss(8), goes on calling it by that name.)
class Beside {
 public:
  explicit Beside(const sockaddr_un& address) {
    const std::string path = address.sun_path;
    const size_t slash = path.find_last_of('/');
    name_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    folder_ = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    choose(path);
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() {
    if (removes_) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
  }

  // Each returns 0 or an errno.
  int bind(int socket) {
    if (!folder_) return ENOENT;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address_), sizeof address_)) return errno;
    removes_ = true;
    return status(own_) ? 0 : errno;
  }
  int exchange() {
    const int at = folder_.get();
    return ::syscall(SYS_renameat2, at, temporary_.c_str(), at, name_.c_str(), RENAME_EXCHANGE) ? errno : 0;
  }
  int replace() {
    if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str())) return errno;
    removes_ = false;
    return 0;
  }
  int putWhereNothingIs() {
    return ::linkat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str(), 0) ? errno : 0;
  }

  // Whether a dead socket of ours has come out of an exchange.
  bool holdsStaleSocket() const {
    struct stat found;
    return status(found) && S_ISSOCK(found.st_mode) && found.st_uid == ::geteuid() && isDead(address_);
  }

  void giveBack() {
    struct stat found;
    // Several at a time could bring out what is somebody else's: that is not removed.
    removes_ = exchange() == 0 && status(found) && sameFile(found, own_);
  }

 private:
  // A long path has no room for a longer one: then it begins with a number for the folder.
  void choose(const std::string& path) {
    uint32_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) random = static_cast<uint32_t>(::getpid());
    char suffix[16];
    std::snprintf(suffix, sizeof suffix, "~%08x", random);
    std::string temporary = path + suffix;
    temporary_ = name_ + suffix;
    if (temporary.size() >= sizeof address_.sun_path) {
      temporary_ = suffix;
      temporary = "/proc/self/fd/" + std::to_string(folder_.get()) + '/' + suffix;
    }
    address_ = {.sun_family = AF_UNIX, .sun_path = {}};
    temporary.copy(address_.sun_path, sizeof address_.sun_path - 1);
  }

  bool status(struct stat& into) const {
    return ::fstatat(folder_.get(), temporary_.c_str(), &into, AT_SYMLINK_NOFOLLOW) == 0;
  }

  UniqueFd folder_;
  std::string name_, temporary_;
  sockaddr_un address_;  // of the temporary name
  struct stat own_{};
  bool removes_ = false;  // what has the temporary name
};

Outcome<bool> takePlace(Beside& beside, bool locked) {
  int error = beside.exchange();
  if (!error) {
    if (beside.holdsStaleSocket()) return true;
    // A server has come between. It has its name back; who asked for it meanwhile was refused.
    beside.giveBack();
    return inUse();
  }
  if (error == ENOENT) {
    error = beside.putWhereNothingIs();
    if (!error) return true;
  } else if (error == EINVAL || error == ENOSYS || error == EPERM) {
    // Some file systems cannot exchange, some sandboxes do not let us. Then nobody sees what is replaced: only one of
    // this user's processes may do that at a time.
    if (!locked) return inUse("a dead socket is at this path, and cannot be replaced safely here: remove it");
    error = beside.replace();
    if (!error) return true;
  }
  return error == EEXIST ? inUse() : errnoFailure(error, "listen", "the dead socket at this path cannot be replaced");
}

}  // namespace

Outcome<bool> replaceStaleSocket(int socket, const sockaddr_un& address) {
  const char* path = address.sun_path;
  struct stat found, now;
  if (::lstat(path, &found)) {
    if (errno == ENOENT) return false;
    return errnoFailure(errno, "listen");
  }
  if (!S_ISSOCK(found.st_mode)) return inUse("there is a file at this path that is not a socket; it was left alone");
  if (!isDead(address)) return inUse();
  if (found.st_uid != ::geteuid()) return inUse("a socket that another user left behind is at this path");

  const OwnLock lock;
  Beside beside(address);
  if (const int error = beside.bind(socket))
    return errnoFailure(error, "listen", "a dead socket is at this path, and none can be made beside it");
  if (::lstat(path, &now) == 0 && (!sameFile(found, now) || !isDead(address))) return inUse();
  return takePlace(beside, static_cast<bool>(lock));
}

}  // namespace framepipe::posix
