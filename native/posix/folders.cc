// By descriptors and not by paths: whoever may write in one of the folders could put a link to somewhere else in the
// place of another while this is at work, and have it list or remove what the client never named.
#include "impersonation/folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "impersonation/file_access.h"
#include "impersonation/file_kind.h"
#include "posix/client_path.h"

namespace framepipe {

using posix::fileFailure;
using posix::openPath;
using posix::Place;
using posix::placeOf;
using posix::UniqueFd;

namespace {

// How often what others do at the same time may make us begin again.
constexpr int kAttempts = 64;

// Some file systems do not say in a folder's listing what its entries are.
int typeOf(int folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entryTypeOf(DTTOIF(entry.d_type));
  struct stat status;
  const bool known = fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  return known ? entryTypeOf(status.st_mode & S_IFMT) : UV_DIRENT_UNKNOWN;
}

// Returns 0 or an errno.
int list(UniqueFd folder, std::vector<DirectoryEntry>& entries) {
  if (!folder) return errno;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(folder.get()), closedir);
  if (!listing) return errno;
  const int own = folder.release();
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(listing.get());
    if (!entry) return errno;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") entries.push_back({name, typeOf(own, *entry)});
  }
}

struct Level {
  std::string name;  // in the folder above
  dev_t device;
  ino_t inode;
  std::vector<std::string> folders = {};  // still to be removed
  int listed = 0;                         // times
};

// A folder with all in it. However deep it goes, which is somebody else's choice, one descriptor is open: the way up is
// "..", and must lead to where it came from.
class Removal {
 public:
  Removal(Place&& place, const Cancelled& cancelled) : top_(std::move(place)), cancelled_(cancelled) {}

  Failure run() {
    if (const Failure failure = enter(top_.folder.get(), top_.name)) return failure;
    while (!levels_.empty()) {
      if (cancelled_) return {"ECANCELED", "rm", 0, "nobody waits for it any more", {}};
      Level& level = levels_.back();
      Failure failure;
      if (!level.folders.empty()) {
        const std::string name = std::move(level.folders.back());
        level.folders.pop_back();
        failure = enter(at_.get(), name);
      } else {
        failure = level.listed == 0 ? empty() : leave();
      }
      if (failure) return failure;
    }
    return {};
  }

 private:
  // What is no folder any more is removed as what it is.
  Failure enter(int above, const std::string& name) {
    UniqueFd folder(openat(above, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status;
    if (!folder) {
      if (errno != ENOTDIR && errno != ELOOP) return gone(errno, "open");
      return unlinkat(above, name.c_str(), 0) ? gone(errno, "unlink") : Failure{};
    }
    if (fstat(folder.get(), &status)) return fileFailure(errno, "stat");
    levels_.push_back({name, status.st_dev, status.st_ino});
    at_ = std::move(folder);
    return {};
  }

  // Removes what is in this folder, but for the folders.
  Failure empty() {
    Level& level = levels_.back();
    ++level.listed;
    std::vector<DirectoryEntry> entries;
    UniqueFd readable(openat(at_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (const int error = list(std::move(readable), entries)) return fileFailure(error, "scandir");
    for (DirectoryEntry& entry : entries) {
      if (entry.type == UV_DIRENT_DIR)
        level.folders.push_back(std::move(entry.name));
      else if (unlinkat(at_.get(), entry.name.c_str(), 0) && errno != ENOENT)
        return fileFailure(errno, "unlink");
    }
    return {};
  }

  // Removes this folder, now empty, from the one above; or finds that others have put something in.
  Failure leave() {
    const Level& level = levels_.back();
    UniqueFd above;
    if (levels_.size() > 1) {
      above = UniqueFd(openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
      struct stat status;
      if (!above || fstat(above.get(), &status)) return fileFailure(errno, "open");
      const Level& expected = levels_[levels_.size() - 2];
      if (status.st_dev != expected.device || status.st_ino != expected.inode)
        return {"ENOENT", "rm", ENOENT, "somebody has moved a folder of it meanwhile", {}};
    }
    const int folder = above ? above.get() : top_.folder.get();
    if (unlinkat(folder, level.name.c_str(), AT_REMOVEDIR) && errno != ENOENT) {
      const int error = errno;
      if ((error != ENOTEMPTY && error != EEXIST) || level.listed == kAttempts) return fileFailure(error, "rmdir");
      return empty();
    }
    levels_.pop_back();
    at_ = std::move(above);
    return {};
  }

  static Failure gone(int error, const char* syscall) {
    return error == ENOENT ? Failure{} : fileFailure(error, syscall);
  }

  const Place top_;
  const Cancelled& cancelled_;
  UniqueFd at_;  // the folder of the last level
  std::vector<Level> levels_;
};

int makeOne(const std::string& path, mode_t mode) {
  Place place;
  if (const int error = placeOf(path, place)) return error;
  return mkdirat(place.folder.get(), place.name.c_str(), mode) ? errno : 0;
}

// The path up to its last name; empty if it has but one.
std::string above(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  const size_t separator = end == std::string::npos ? end : path.find_last_of('/', end);
  if (separator == std::string::npos) return {};
  return path.substr(0, std::max<size_t>(path.find_last_not_of('/', separator) + 1, 1));
}

// The folder, and those above it that there are not. A link that is in the path is followed, as everywhere; what is made is
// looked up in the folder that it was made in, so that nobody puts a link in its place. `first`: what was made first. Returns
// 0 or an errno; ENOENT: somebody removed a part of it meanwhile, or the path is empty.
int makeAll(const std::string& path, mode_t mode, std::string& first) {
  std::vector<std::string> wanted;  // the last one comes first
  int opened = openPath(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY, 0);
  if (opened == -ENOTDIR && UniqueFd(openPath(AT_FDCWD, path.c_str(), O_PATH, 0))) return EEXIST;
  for (std::string there = path; opened == -ENOENT && !there.empty();) {
    wanted.push_back(there);
    there = above(there);
    opened = openPath(AT_FDCWD, there.empty() ? "." : there.c_str(), O_PATH | O_DIRECTORY, 0);
  }
  if (opened < 0) return -opened;
  UniqueFd at(opened);
  for (; !wanted.empty(); wanted.pop_back()) {
    const std::string& each = wanted.back();
    // Without separators behind it, which would have a link followed.
    const size_t begin = each.find_first_not_of('/', above(each).size());
    const std::string name = each.substr(begin, each.find_last_not_of('/') + 1 - begin);
    if (mkdirat(at.get(), name.c_str(), mode) == 0) {
      if (first.empty()) first = each;
    } else if (errno != EEXIST) {
      return errno;
    }
    at = UniqueFd(openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!at && (errno == ENOTDIR || errno == ELOOP)) return wanted.size() == 1 ? EEXIST : ENOTDIR;
    if (!at) return errno;
  }
  return 0;
}

}  // namespace

Outcome<Result> listFolder(const std::string& path) {
  const int opened = openPath(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (opened < 0) return fileFailure(-opened, "scandir");
  std::vector<DirectoryEntry> entries;
  if (const int error = list(UniqueFd(opened), entries)) return fileFailure(error, "scandir");
  const auto by_name = [](const DirectoryEntry& one, const DirectoryEntry& other) { return one.name < other.name; };
  std::sort(entries.begin(), entries.end(), by_name);
  return Result(std::move(entries));
}

Outcome<Result> makeFolder(const std::string& path, int mode, bool recursive) {
  std::string first;
  int error = recursive ? ENOENT : makeOne(path, static_cast<mode_t>(mode));
  for (int attempts = 0; recursive && error == ENOENT && attempts < kAttempts; ++attempts)
    error = makeAll(path, static_cast<mode_t>(mode), first);
  if (error) return fileFailure(error, "mkdir");
  if (first.empty()) return Result();
  return Result(std::move(first));
}

Outcome<Result> removeTree(const std::string& path, bool recursive, bool force, const Cancelled& cancelled) {
  Place place;
  struct stat status{};
  int error = placeOf(path, place);
  if (!error && fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW)) error = errno;
  if (error == ENOENT && force) return Result();
  if (error) return fileFailure(error, "lstat");
  Failure failure;
  if (!S_ISDIR(status.st_mode)) {
    if (unlinkat(place.folder.get(), place.name.c_str(), 0) && errno != ENOENT) failure = fileFailure(errno, "unlink");
  } else if (recursive) {
    place.name.resize(std::max<size_t>(place.name.find_last_not_of('/') + 1, 1));
    failure = Removal(std::move(place), cancelled).run();
  } else {
    failure = {"ERR_FS_EISDIR", "rm", 0, "it is a folder: to remove it with all in it, say { recursive: true }", {}};
  }
  if (failure) return failure;
  return Result();
}

}  // namespace framepipe
