#include "posix/errno_failure.h"

#include <cerrno>

namespace framepipe::posix {

namespace {

struct Name {
  int error;
  const char* name;
};

// strerrorname_np() is glibc's alone.
constexpr Name kNames[] = {
    {EACCES, "EACCES"},
    {EADDRINUSE, "EADDRINUSE"},
    {EAGAIN, "EAGAIN"},
    {EBADF, "EBADF"},
    {ECANCELED, "ECANCELED"},
    {ECONNABORTED, "ECONNABORTED"},
    {ECONNREFUSED, "ECONNREFUSED"},
    {ECONNRESET, "ECONNRESET"},
    {EEXIST, "EEXIST"},
    {EINTR, "EINTR"},
    {EINVAL, "EINVAL"},
    {EIO, "EIO"},
    {EISDIR, "EISDIR"},
    {ELOOP, "ELOOP"},
    {EMFILE, "EMFILE"},
    {EMSGSIZE, "EMSGSIZE"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENFILE, "ENFILE"},
    {ENOBUFS, "ENOBUFS"},
    {ENOENT, "ENOENT"},
    {ENOMEM, "ENOMEM"},
    {ENOSPC, "ENOSPC"},
    {ENOTCONN, "ENOTCONN"},
    {ENOTDIR, "ENOTDIR"},
    {ENOTSOCK, "ENOTSOCK"},
    {ENOTSUP, "ENOTSUP"},
    {EPERM, "EPERM"},
    {EPIPE, "EPIPE"},
    {EPROTOTYPE, "EPROTOTYPE"},
    {EROFS, "EROFS"},
    {ETIMEDOUT, "ETIMEDOUT"},
};

const char* nameOf(int error) {
  for (const Name& known : kNames)
    if (known.error == error) return known.name;
  return "UNKNOWN";
}

}  // namespace

Failure errnoFailure(int error, const char* syscall, const char* hint) {
  return {nameOf(error), syscall, error, hint, {}};
}

}  // namespace framepipe::posix
