#include "impersonation/folders.h"

#include <uv.h>

#include <utility>
#include <vector>

#include "impersonation/file_kind.h"
#include "impersonation/fs_request.h"

namespace framepipe {

namespace {

// How often what others do at the same time may make us begin again.
constexpr int kAttempts = 64;

constexpr const char* kSeparators = "\\/";

std::string join(const std::string& folder, const std::string& name) {
  return folder + kSeparators[0] + name;
}

// Empty when there is none.
std::string folderOf(const std::string& path) {
  const size_t end = path.find_last_not_of(kSeparators);
  const size_t separator = end == std::string::npos ? end : path.find_last_of(kSeparators, end);
  if (separator == std::string::npos) return {};
  const size_t last = path.find_last_not_of(kSeparators, separator);
  return path.substr(0, last == std::string::npos ? separator + 1 : last + 1);
}

template <class Function>
int kind(Function function, const std::string& path) {
  FsRequest request;
  return request.call(function, path.c_str()) < 0 ? 0 : kindOf(*uv_fs_get_statbuf(request.get()));
}

// Some file systems do not say in a folder's listing what its entries are.
int typeOf(const std::string& folder, const uv_dirent_t& entry) {
  if (entry.type != UV_DIRENT_UNKNOWN) return entry.type;
  return entryTypeOf(kind(uv_fs_lstat, join(folder, entry.name)));
}

Outcome<std::vector<DirectoryEntry>> entriesOf(const std::string& path) {
  FsRequest request;
  if (request.call(uv_fs_scandir, path.c_str(), 0) < 0) return request.failure("scandir");
  std::vector<DirectoryEntry> entries;
  uv_dirent_t entry;
  while (uv_fs_scandir_next(request.get(), &entry) == 0) entries.push_back({entry.name, typeOf(path, entry)});
  return entries;
}

// libuv's error, or 0: that there is none (any more) is fine.
template <class Function>
int remove(Function function, const char* syscall, const std::string& path, Failure& failure) {
  FsRequest request;
  const int error = request.call(function, path.c_str());
  if (error == 0 || error == UV_ENOENT) return 0;
  failure = request.failure(syscall);
  return error;
}

struct Folder {
  std::string path;
  int listed = 0;  // times
};

// Removes what is in the topmost folder, and puts the folders in it on top.
Failure empty(std::vector<Folder>& folders) {
  const std::string path = folders.back().path;
  const Outcome<std::vector<DirectoryEntry>> entries = entriesOf(path);
  if (!entries) return entries.failure;
  for (const DirectoryEntry& entry : entries.value) {
    const std::string each = join(path, entry.name);
    Failure failure;
    if (entry.type == UV_DIRENT_DIR)
      folders.push_back({each});
    else if (remove(uv_fs_unlink, "unlink", each, failure))
      return failure;
  }
  return {};
}

// Not by recursion: how deep it goes is somebody else's choice.
Failure removeFolder(const std::string& path, const Cancelled& cancelled) {
  std::vector<Folder> folders{{path}};
  while (!folders.empty()) {
    if (cancelled) return {"ECANCELED", "rm", 0, "nobody waits for it any more", {}};
    Folder& top = folders.back();
    if (top.listed > 0) {
      Failure failure;
      const int error = remove(uv_fs_rmdir, "rmdir", top.path, failure);
      if (error == 0) {
        folders.pop_back();
        continue;
      }
      if ((error != UV_ENOTEMPTY && error != UV_EEXIST) || top.listed == kAttempts) return failure;
    }
    ++top.listed;
    if (const Failure failure = empty(folders)) return failure;
  }
  return {};
}

}  // namespace

Outcome<Result> listFolder(const std::string& path) {
  Outcome<std::vector<DirectoryEntry>> entries = entriesOf(path);
  if (!entries) return entries.failure;
  return Result(std::move(entries.value));
}

Outcome<Result> makeFolder(const std::string& path, int mode, bool recursive) {
  std::vector<std::string> wanted{path};
  std::string first;
  for (size_t attempts = path.size() + kAttempts; !wanted.empty(); --attempts) {
    FsRequest request;
    const int error = request.call(uv_fs_mkdir, wanted.back().c_str(), mode);
    if (error == 0 && first.empty()) first = wanted.back();
    if (error < 0) {
      const std::string above = folderOf(wanted.back());
      if (recursive && error == UV_ENOENT && !above.empty() && attempts > 0) {
        wanted.push_back(above);
        continue;
      }
      if (!recursive || kind(uv_fs_stat, wanted.back()) != kFolder) return request.failure("mkdir");
    }
    wanted.pop_back();
  }
  if (!recursive || first.empty()) return Result();
  return Result(std::move(first));
}

Outcome<Result> removeTree(const std::string& path, bool recursive, bool force, const Cancelled& cancelled) {
  FsRequest request;
  const int error = request.call(uv_fs_lstat, path.c_str());
  if (error == UV_ENOENT && force) return Result();
  if (error < 0) return request.failure("lstat");
  Failure failure;
  if (kindOf(*uv_fs_get_statbuf(request.get())) != kFolder)
    remove(uv_fs_unlink, "unlink", path, failure);
  else if (recursive)
    failure = removeFolder(path, cancelled);
  else
    failure = {"ERR_FS_EISDIR", "rm", 0, "it is a folder: to remove it with all in it, say { recursive: true }", {}};
  if (failure) return failure;
  return Result();
}

}  // namespace framepipe
