#include "impersonation/file_access.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

#include "impersonation/fs_request.h"

namespace framepipe {

// access(2), and with it libuv's uv_fs_access(), asks what the real user may do: the server, not the client.
Failure checkAccess(const char* path, int mode) noexcept {
#ifdef SYS_faccessat2
  if (syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) == 0) return {};
#else
  errno = ENOSYS;
#endif
  // Before Linux 5.8 the C library works it out by itself, without access control lists.
  if (errno == ENOSYS && faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0) return {};
  const int error = errno;
  return {uv_err_name(-error), "access", error, uv_strerror(-error), {}};
}

Outcome<int> openFile(const char* path, int flags, int mode) noexcept {
  FsRequest request;
  const int descriptor = request.call(uv_fs_open, path, flags | UV_FS_O_NONBLOCK | UV_FS_O_NOCTTY, mode);
  if (descriptor < 0) return request.failure("open");
  return descriptor;
}

void waitOn(int descriptor) noexcept {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0) fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

const char* pathSeparators() noexcept {
  return "/";
}

}  // namespace framepipe
