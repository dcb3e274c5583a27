#include "posix/own_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace framepipe::posix {

namespace {

// Whoever has it makes a few system calls; if it takes longer, it has been stopped.
constexpr int kAttempts = 200;
constexpr timespec kPause{0, 1'000'000};

// Nobody else can put anything there.
bool isOwn(int folder) {
  struct stat status;
  return ::fstat(folder, &status) == 0 && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

UniqueFd openFolder(const std::string& path) {
  UniqueFd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return folder && isOwn(folder.get()) ? std::move(folder) : UniqueFd();
}

// The same for all processes of the user, whatever their environment.
UniqueFd ownFolder() {
  const uid_t user = ::geteuid();
  if (user == 0) return openFolder("/run");
  if (UniqueFd folder = openFolder("/run/user/" + std::to_string(user))) return folder;
  const std::string made = "/tmp/.framepipe-" + std::to_string(user);
  ::mkdir(made.c_str(), 0700);
  return openFolder(made);
}

}  // namespace

OwnLock::OwnLock() {
  const UniqueFd folder = ownFolder();
  if (!folder) return;
  // It stays: who removed it could remove one that somebody waits for.
  file_ = UniqueFd(::openat(folder.get(), "framepipe.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) return;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    held_ = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
    if (held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace framepipe::posix
