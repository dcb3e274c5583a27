#include "impersonation/file_access.h"

#include <uv.h>
#include <windows.h>

#include "impersonation/fs_request.h"
#include "win32/file_failure.h"
#include "win32/unique_handle.h"
#include "win32/wide_string.h"

namespace framepipe {

using win32::fileFailure;

namespace {

enum : int { kExecute = 1, kWrite = 2, kRead = 4 };  // X_OK, W_OK, R_OK

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

DWORD accessFor(int flags) {
  DWORD access = 0;
  switch (flags & (UV_FS_O_RDONLY | UV_FS_O_WRONLY | UV_FS_O_RDWR)) {
    case UV_FS_O_RDONLY:
      access = FILE_GENERIC_READ;
      break;
    case UV_FS_O_WRONLY:
      access = FILE_GENERIC_WRITE;
      break;
    case UV_FS_O_RDWR:
      access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
      break;
  }
  if (flags & UV_FS_O_APPEND) access = (access & ~DWORD{FILE_WRITE_DATA}) | FILE_APPEND_DATA;
  if (flags & UV_FS_O_TEMPORARY) access |= DELETE;
  return access;
}

DWORD dispositionFor(int flags) {
  const bool creates = flags & UV_FS_O_CREAT, truncates = flags & UV_FS_O_TRUNC;
  if (creates && flags & UV_FS_O_EXCL) return CREATE_NEW;
  if (creates) return truncates ? CREATE_ALWAYS : OPEN_ALWAYS;
  return truncates ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

DWORD attributesFor(int flags, int mode) {
  constexpr int kOwnerMayWrite = 0200;
  DWORD attributes = FILE_FLAG_BACKUP_SEMANTICS;  // or no folder could be opened
  attributes |= flags & UV_FS_O_CREAT && !(mode & kOwnerMayWrite) ? FILE_ATTRIBUTE_READONLY : FILE_ATTRIBUTE_NORMAL;
  if (flags & UV_FS_O_TEMPORARY) attributes |= FILE_FLAG_DELETE_ON_CLOSE | FILE_ATTRIBUTE_TEMPORARY;
  if (flags & UV_FS_O_SHORT_LIVED) attributes |= FILE_ATTRIBUTE_TEMPORARY;
  if (flags & UV_FS_O_SEQUENTIAL) attributes |= FILE_FLAG_SEQUENTIAL_SCAN;
  if (flags & UV_FS_O_RANDOM) attributes |= FILE_FLAG_RANDOM_ACCESS;
  if (flags & (UV_FS_O_DSYNC | UV_FS_O_SYNC)) attributes |= FILE_FLAG_WRITE_THROUGH;
  return attributes;
}

}  // namespace

// As libuv opens files, but for one thing. The path may be a pipe's, and without a quality of service its server could act
// as whoever reads or writes the descriptor later: this process itself. So it learns nobody's identity.
Outcome<int> openFile(const char* path, int flags, int mode) noexcept {
  const DWORD access = accessFor(flags);
  const auto wide = win32::widen(path);
  if (!wide || access == 0) return fileFailure(ERROR_INVALID_PARAMETER, "open");
  win32::UniqueHandle file(CreateFileW(wide->c_str(), access, flags & UV_FS_O_EXLOCK ? 0 : kShareAll,
                                       /*security=*/nullptr, dispositionFor(flags),
                                       attributesFor(flags, mode) | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS,
                                       /*template=*/nullptr));
  if (!file) {
    const DWORD error = GetLastError();
    const bool is_folder = error == ERROR_FILE_EXISTS && flags & UV_FS_O_CREAT && !(flags & UV_FS_O_EXCL);
    if (is_folder) return Failure{"EISDIR", "open", static_cast<int32_t>(error), uv_strerror(UV_EISDIR), {}};
    return fileFailure(error, "open");
  }
  const int descriptor = uv_open_osfhandle(file.get());
  if (descriptor < 0) return Failure{"EMFILE", "open", 0, uv_strerror(UV_EMFILE), {}};
  file.release();
  return descriptor;
}

// libuv looks at the read-only attribute, not at who may do what: opening the file is what tells.
Failure checkAccess(const char* path, int mode) noexcept {
  FsRequest attributes;
  if (attributes.call(uv_fs_access, path, mode) < 0) return attributes.failure("access");
  DWORD access = 0;
  if (mode & kRead) access |= GENERIC_READ;
  if (mode & kWrite) access |= GENERIC_WRITE;
  if (mode & kExecute) access |= GENERIC_EXECUTE;
  const auto wide = win32::widen(path);
  if (access == 0 || !wide) return {};
  // The flag is what it takes to open a folder; nothing is done with the privilege that it is named for.
  const win32::UniqueHandle file(CreateFileW(wide->c_str(), access, kShareAll, /*security=*/nullptr, OPEN_EXISTING,
                                             FILE_FLAG_BACKUP_SEMANTICS | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS,
                                             /*template=*/nullptr));
  if (file) return {};
  const DWORD error = GetLastError();
  // Rights are checked before what others do with the file.
  return error == ERROR_SHARING_VIOLATION ? Failure{} : fileFailure(error, "access");
}

// Windows' files always wait.
void waitOn(int) noexcept {}

Failure checkClientsAccess(const char* path, int mode) noexcept {
  return checkAccess(path, mode);
}

Outcome<uv_stat_t> statusOf(const char* path, bool follow) noexcept {
  FsRequest request;
  const int error = follow ? request.call(uv_fs_stat, path) : request.call(uv_fs_lstat, path);
  if (error < 0) return request.failure(follow ? "stat" : "lstat");
  return *uv_fs_get_statbuf(request.get());
}

Failure renameFile(const std::string& from, const std::string& to) noexcept {
  FsRequest request;
  return request.call(uv_fs_rename, from.c_str(), to.c_str()) < 0 ? request.failure("rename") : Failure{};
}

}  // namespace framepipe
