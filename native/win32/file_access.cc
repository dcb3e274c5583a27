#include "impersonation/file_access.h"

#include <uv.h>
#include <windows.h>

#include "impersonation/fs_request.h"
#include "win32/unique_handle.h"
#include "win32/wide_string.h"

namespace framepipe {

namespace {

enum : int { kExecute = 1, kWrite = 2, kRead = 4 };  // X_OK, W_OK, R_OK

Failure accessFailure(DWORD os) {
  const int error = uv_translate_sys_error(static_cast<int>(os));
  return {uv_err_name(error), "access", static_cast<int32_t>(os), uv_strerror(error), {}};
}

}  // namespace

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
  const win32::UniqueHandle file(CreateFileW(wide->c_str(), access,
                                             FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                             /*attributes=*/nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
                                             /*template=*/nullptr));
  if (file) return {};
  const DWORD error = GetLastError();
  // Rights are checked before what others do with the file.
  return error == ERROR_SHARING_VIOLATION ? Failure{} : accessFailure(error);
}

// Windows' files always wait.
void waitOn(int) noexcept {}

const char* pathSeparators() noexcept {
  return "\\/";
}

}  // namespace framepipe
