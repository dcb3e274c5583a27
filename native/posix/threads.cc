#include "posix/threads.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace framepipe::posix {

namespace {

int openStatus(int folder, pid_t thread) {
  char name[32];
  std::snprintf(name, sizeof name, "%d/status", static_cast<int>(thread));
  int file;
  do file = ::openat(folder, name, O_RDONLY | O_CLOEXEC);
  while (file < 0 && errno == EINTR);
  return file;
}

// 0 or an errno.
int readAll(int file, std::string& into) {
  char part[4096];
  for (;;) {
    const ssize_t size = ::read(file, part, sizeof part);
    if (size > 0)
      into.append(part, static_cast<size_t>(size));
    else if (size == 0)
      return 0;
    else if (errno != EINTR)
      return errno;
  }
}

// What stands behind a name, up to the end of the line; null when there is none.
const char* field(const std::string& status, const char* name) {
  const size_t at = status.find(name);
  return at == std::string::npos ? nullptr : status.c_str() + at + std::strlen(name);
}

bool idsFrom(const char* text, Credentials::Ids& ids) {
  return text && std::sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32, &ids.real, &ids.effective, &ids.saved) == 3;
}

bool groupsFrom(const char* text, std::vector<gid_t>& groups) {
  if (!text) return false;
  for (;;) {
    while (*text == ' ' || *text == '\t') ++text;
    if (*text < '0' || *text > '9') return true;
    char* end;
    groups.push_back(static_cast<gid_t>(std::strtoul(text, &end, 10)));
    text = end;
  }
}

bool capabilitiesFrom(const char* text, CapabilitySet& set) {
  uint64_t bits;
  if (!text || std::sscanf(text, "%" SCNx64, &bits) != 1) return false;
  set = {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)};
  return true;
}

}  // namespace

int Threads::open() noexcept {
  folder_.reset(opendir("/proc/self/task"));
  if (!folder_) return errno;
  reserve_ = UniqueFd(::fcntl(dirfd(folder_.get()), F_DUPFD_CLOEXEC, 0));
  return reserve_ ? 0 : errno;
}

std::vector<pid_t> Threads::all() noexcept {
  std::vector<pid_t> found;
  rewinddir(folder_.get());
  while (const dirent* entry = readdir(folder_.get())) {
    if (entry->d_name[0] != '.') found.push_back(std::atoi(entry->d_name));
  }
  std::sort(found.begin(), found.end());
  return found;
}

Threads::Is Threads::who(pid_t thread, const Credentials& somebody) noexcept {
  int opened = openStatus(dirfd(folder_.get()), thread);
  // The number that becomes free may be somebody else's at once: then nothing is known of the thread.
  if (opened < 0 && (errno == EMFILE || errno == ENFILE) && reserve_) {
    reserve_.reset();
    opened = openStatus(dirfd(folder_.get()), thread);
  }
  std::string status;
  const UniqueFd file(opened);
  const int error = file ? readAll(file.get(), status) : errno;
  if (error) return error == ENOENT || error == ESRCH ? Is::Gone : Is::Unknown;
  // io_uring's workers take the credentials of each request, whoever made them.
  if (status.starts_with("Name:\tiou-wrk-")) return Is::SomebodyElse;
  Credentials found;
  const bool known = idsFrom(field(status, "\nUid:"), found.users) &&
                     idsFrom(field(status, "\nGid:"), found.group_ids) &&
                     groupsFrom(field(status, "\nGroups:"), found.groups) &&
                     capabilitiesFrom(field(status, "\nCapEff:"), found.capabilities.effective);
  if (!known) return Is::Unknown;
  std::vector<gid_t> groups = somebody.groups;
  std::sort(groups.begin(), groups.end());
  std::sort(found.groups.begin(), found.groups.end());
  const bool same = found.users == somebody.users && found.group_ids == somebody.group_ids && found.groups == groups &&
                    found.capabilities.effective == somebody.capabilities.effective;
  return same ? Is::Somebody : Is::SomebodyElse;
}

}  // namespace framepipe::posix
