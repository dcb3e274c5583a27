// What takes several steps goes by handles and not by paths: whoever may write in one of the folders could put a link to
// somewhere else in the place of another while this is at work, and have it make or remove what the client never named.
#include "impersonation/folders.h"

#include <uv.h>
#include <winternl.h>

#include <utility>
#include <vector>

#include "impersonation/file_kind.h"
#include "impersonation/fs_request.h"
#include "win32/file_failure.h"
#include "win32/file_handle.h"
#include "win32/folder_making.h"
#include "win32/tree_removal.h"
#include "win32/wide_string.h"

namespace framepipe {

using win32::FileError;
using win32::fileFailure;

namespace {

// Some file systems do not say in a folder's listing what its entries are.
int typeOf(const std::string& folder, const uv_dirent_t& entry) {
  if (entry.type != UV_DIRENT_UNKNOWN) return entry.type;
  FsRequest request;
  const bool known = request.call(uv_fs_lstat, (folder + "\\" + entry.name).c_str()) == 0;
  return known ? entryTypeOf(kindOf(*uv_fs_get_statbuf(request.get()))) : UV_DIRENT_UNKNOWN;
}

Failure makingFailure(DWORD error) {
  const auto os = static_cast<int32_t>(error);
  if (error == ERROR_DIRECTORY) return {"ENOTDIR", "mkdir", os, uv_strerror(UV_ENOTDIR), {}};
  if (error == ERROR_INVALID_NAME) return {"EINVAL", "mkdir", os, uv_strerror(UV_EINVAL), {}};
  return fileFailure(error, "mkdir");
}

Failure removalFailure(const FileError& failure) {
  if (!failure) return {};
  if (failure.error == ERROR_CANCELLED) return {"ECANCELED", failure.syscall, 0, "nobody waits for it any more", {}};
  return fileFailure(failure.error, failure.syscall);
}

// What there is at that path: a folder or something else.
DWORD look(const std::wstring& path, bool& is_folder) {
  win32::UniqueHandle found;
  const DWORD error = win32::openByPath(path, {FILE_READ_ATTRIBUTES, FILE_OPEN_REPARSE_POINT}, found);
  return error ? error : win32::checkFolder(found.get(), is_folder);
}

}  // namespace

Outcome<Result> listFolder(const std::string& path) {
  FsRequest request;
  if (request.call(uv_fs_scandir, path.c_str(), 0) < 0) return request.failure("scandir");
  std::vector<DirectoryEntry> entries;
  uv_dirent_t entry;
  while (uv_fs_scandir_next(request.get(), &entry) == 0) entries.push_back({entry.name, typeOf(path, entry)});
  return Result(std::move(entries));
}

Outcome<Result> makeFolder(const std::string& path, int mode, bool recursive) {
  if (!recursive) {
    FsRequest request;
    if (request.call(uv_fs_mkdir, path.c_str(), mode) < 0) return request.failure("mkdir");
    return Result();
  }
  const auto wide = win32::widen(path);
  std::wstring first;
  if (const DWORD error = wide ? win32::makeFolders(*wide, first) : ERROR_INVALID_NAME) return makingFailure(error);
  if (first.empty()) return Result();
  return Result(win32::narrow(first));
}

Outcome<Result> removeTree(const std::string& path, bool recursive, bool force, const Cancelled& cancelled) {
  const auto wide = win32::widen(path);
  bool is_folder = false;
  const DWORD error = wide ? look(*wide, is_folder) : ERROR_INVALID_NAME;
  if (win32::isMissing(error) && force) return Result();
  if (error) return fileFailure(error == ERROR_DELETE_PENDING ? ERROR_FILE_NOT_FOUND : error, "lstat");
  Failure failure;
  if (!is_folder)
    failure = removalFailure(win32::removeOther(*wide));
  else if (recursive)
    failure = removalFailure(win32::TreeRemoval(cancelled).run(*wide));
  else
    failure = {"ERR_FS_EISDIR", "rm", 0, "it is a folder: to remove it with all in it, say { recursive: true }", {}};
  if (failure) return failure;
  return Result();
}

}  // namespace framepipe
