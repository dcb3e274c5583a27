#include "impersonation/file_access.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "impersonation/fs_request.h"
#include "posix/client_path.h"

namespace framepipe {

using posix::fileFailure;
using posix::openPath;
using posix::Place;
using posix::placeOf;
using posix::UniqueFd;

// access(2), and with it libuv's uv_fs_access(), asks what the real user may do: the server, not the client.
Failure checkAccess(const char* path, int mode) noexcept {
#ifdef SYS_faccessat2
  if (syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) == 0) return {};
#else
  errno = ENOSYS;
#endif
  // Before Linux 5.8 the C library works it out by itself, without access control lists.
  if (errno == ENOSYS && faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0) return {};
  return fileFailure(errno, "access");
}

Failure checkClientsAccess(const char* path, int mode) noexcept {
  const int opened = openPath(AT_FDCWD, path, O_PATH, 0);
  if (opened < 0) return fileFailure(-opened, "access");
  const UniqueFd file(opened);
#ifdef SYS_faccessat2
  if (syscall(SYS_faccessat2, file.get(), "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0) return {};
#else
  errno = ENOSYS;
#endif
  if (errno != ENOSYS) return fileFailure(errno, "access");
  // By that name it is the file that was found.
  const std::string name = "/proc/thread-self/fd/" + std::to_string(file.get());
  return checkAccess(name.c_str(), mode);
}

Outcome<uv_stat_t> statusOf(const char* path, bool follow) noexcept {
  const char* const name = follow ? "stat" : "lstat";
  const int opened = openPath(AT_FDCWD, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
  if (opened < 0) return fileFailure(-opened, name);
  const UniqueFd file(opened);
  FsRequest request;
  if (request.call(uv_fs_fstat, opened) < 0) return request.failure(name);
  return *uv_fs_get_statbuf(request.get());
}

Failure renameFile(const std::string& from, const std::string& to) noexcept {
  Place before, after;
  int error = placeOf(from, before);
  if (!error) error = placeOf(to, after);
  if (!error && renameat(before.folder.get(), before.name.c_str(), after.folder.get(), after.name.c_str()))
    error = errno;
  return error ? fileFailure(error, "rename") : Failure{};
}

Outcome<int> openFile(const char* path, int flags, int mode) noexcept {
  const int descriptor = openPath(AT_FDCWD, path, flags | O_NONBLOCK | O_NOCTTY, mode);
  if (descriptor < 0) return fileFailure(-descriptor, "open");
  return descriptor;
}

void waitOn(int descriptor) noexcept {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0) fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace framepipe
