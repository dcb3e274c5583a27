// Paths that a client names, followed on its behalf. The kernel lets every thread of a process use that process's own
// entries in /proc, whoever the thread acts as: /proc/self/fd/N leads into folders that are closed to the client, and
// /proc/self/maps tells where the server's code lies. So no path leads into /proc, nor through its links, which
// /dev/stdin and /dev/fd are, too. Any thread.
#pragma once
#include <string>

#include "core/failure.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

// In the place of an errno: a path that leads into /proc. To the caller that is an EACCES.
constexpr int kIntoProc = 1 << 16;

// By Node's names, as libuv's file functions tell it; and why a path is refused that others may use.
Failure fileFailure(int error, const char* syscall);

// open(2) by such a path, seen from `folder` (AT_FDCWD: the working directory): a descriptor, or minus an errno;
// -kIntoProc when it leads into /proc, -ELOOP when it leads through one of /proc's links.
int openPath(int folder, const char* path, int flags, int mode) noexcept;

// The same for kernels before Linux 5.6, and sandboxes that do not know openat2(2): link by link.
int openPathByParts(int folder, std::string path, int flags, int mode) noexcept;

// Where something has its name: the folder, and the name in it.
struct Place {
  UniqueFd folder;
  std::string name;
};

// Returns 0 or an errno.
int placeOf(const std::string& path, Place& place);

}  // namespace framepipe::posix
