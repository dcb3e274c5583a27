#include "posix/client_path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <uv.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

namespace framepipe::posix {

namespace {

// openat2(2): the C library's headers may be older than the kernel that this runs on.
#ifdef SYS_openat2
constexpr long kOpenAt2 = SYS_openat2;
#else
constexpr long kOpenAt2 = 437;
#endif
struct OpenHow {
  uint64_t flags, mode, resolve;
};
constexpr uint64_t kNoMagicLinks = 0x02;

// open(2) ignores what it does not know; openat2(2) refuses that.
constexpr int kKnown = O_ACCMODE | O_APPEND | O_CLOEXEC | O_CREAT | O_DIRECT | O_DIRECTORY | O_DSYNC | O_EXCL |
                       O_LARGEFILE | O_NOATIME | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | O_PATH | O_SYNC | O_TMPFILE |
                       O_TRUNC;
constexpr int kKnownBesidePath = O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW;

bool makesFile(int flags) {
  return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

int openAt2(int folder, const char* path, int flags, int mode) {
  flags &= flags & O_PATH ? kKnownBesidePath : kKnown;
  const OpenHow how{static_cast<uint64_t>(flags), makesFile(flags) ? static_cast<uint64_t>(mode & 07777) : 0,
                    kNoMagicLinks};
  long opened;
  do opened = syscall(kOpenAt2, folder, path, &how, sizeof how);
  while (opened < 0 && errno == EINTR);
  return opened < 0 ? -errno : static_cast<int>(opened);
}

// Some sandboxes say EPERM to what they do not know.
bool hasOpenAt2() {
  static const bool has = [] {
    const int root = openAt2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
    if (root >= 0) ::close(root);
    return root != -ENOSYS && root != -EPERM;
  }();
  return has;
}

// An errno, or kIntoProc when that descriptor is of something in /proc.
int outsideProc(int descriptor) {
  struct statfs system;
  if (fstatfs(descriptor, &system)) return errno;
  return system.f_type == PROC_SUPER_MAGIC ? kIntoProc : 0;
}

int openAt(int folder, const char* path, int flags, int mode) {
  int opened;
  do opened = ::openat(folder, path, flags, mode);
  while (opened < 0 && errno == EINTR);
  return opened < 0 ? -errno : opened;
}

// Takes the first name off the path, and the separators before it. Empty when there is none.
std::string takeName(std::string& path) {
  const size_t start = path.find_first_not_of('/');
  if (start == std::string::npos) return path.clear(), std::string();
  const size_t end = path.find('/', start);
  std::string name = path.substr(start, end - start);
  path.erase(0, end);
  return name;
}

// Where the link leads; empty when it is none. Returns 0 or an errno.
int linkOf(int entry, std::string& target) {
  struct stat status;
  if (fstat(entry, &status)) return errno;
  if (!S_ISLNK(status.st_mode)) return 0;
  if (const int error = outsideProc(entry)) return error == kIntoProc ? ELOOP : error;
  char text[PATH_MAX];
  const ssize_t length = ::readlinkat(entry, "", text, sizeof text);
  if (length < 0) return errno;
  target.assign(text, static_cast<size_t>(length));
  return 0;
}

}  // namespace

Failure fileFailure(int error, const char* syscall) {
  if (error == kIntoProc)
    return {"EACCES", syscall, EACCES, "no client is let into /proc, where every thread is taken for the server", {}};
  if (error == ELOOP) {
    constexpr const char* kWhy =
        "too many symbolic links; or a link of /proc, as /dev/stdin and /dev/fd are, which leads where only the server "
        "may go";
    return {"ELOOP", syscall, error, kWhy, {}};
  }
  return {uv_err_name(-error), syscall, error, uv_strerror(-error), {}};
}

int openPath(int folder, const char* path, int flags, int mode) noexcept {
  flags |= O_CLOEXEC;
  const int opened = hasOpenAt2() ? openAt2(folder, path, flags, mode) : openPathByParts(folder, path, flags, mode);
  if (opened < 0) return opened;
  UniqueFd file(opened);
  if (const int error = outsideProc(opened)) return -error;
  return file.release();
}

int openPathByParts(int folder, std::string path, int flags, int mode) noexcept {
  constexpr int kMostLinks = 40;  // the kernel's limit
  if (path.empty()) return -ENOENT;
  flags |= O_CLOEXEC;
  UniqueFd at;
  int from = folder;
  bool begins = true;  // at the start, or at that of a link: elsewhere a separator is no root
  for (int links = 0;;) {
    if (std::exchange(begins, false) && path[0] == '/') {
      const int root = openAt(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
      if (root < 0) return root;
      at = UniqueFd(root);
      from = root;
    }
    std::string name = takeName(path);
    if (name.empty()) return openAt(from, ".", flags, mode);
    const bool last = path.find_first_not_of('/') == std::string::npos;
    const bool follows = !last || !path.empty() || !(flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL));
    const int found = openAt(from, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (found < 0 && !(last && found == -ENOENT)) return found;
    UniqueFd entry(found);
    std::string target;
    if (entry && follows) {
      if (const int error = linkOf(entry.get(), target)) return -error;
    }
    if (!target.empty()) {
      if (++links > kMostLinks) return -ELOOP;
      path = target + path;
      begins = true;
      continue;
    }
    // Not by the entry: it may be made only now. A link that has come meanwhile is not followed.
    if (last) return openAt(from, (name + path).c_str(), flags | O_NOFOLLOW, mode);
    at = std::move(entry);
    from = at.get();
  }
}

int placeOf(const std::string& path, Place& place) {
  const size_t end = path.find_last_not_of('/');
  const size_t separator = end == std::string::npos ? end : path.find_last_of('/', end);
  // "/" has no name in a folder, and by that path it is found from everywhere.
  const std::string folder = separator == std::string::npos ? "." : path.substr(0, separator + 1);
  place.name = separator == std::string::npos ? path : path.substr(separator + 1);
  const int opened = openPath(AT_FDCWD, folder.c_str(), O_PATH | O_DIRECTORY, 0);
  if (opened < 0) return -opened;
  place.folder = UniqueFd(opened);
  return 0;
}

}  // namespace framepipe::posix
