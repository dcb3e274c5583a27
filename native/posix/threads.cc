#include "posix/threads.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace framepipe::posix {

namespace {

std::string statusOf(pid_t thread) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/status", static_cast<int>(thread));
  FILE* file = std::fopen(path, "re");
  if (!file) return {};  // it has ended
  std::string status;
  char part[4096];
  while (const size_t size = std::fread(part, 1, sizeof part, file)) status.append(part, size);
  std::fclose(file);
  return status;
}

// The line of the status that begins so.
std::string line(const std::string& status, const char* name) {
  const size_t at = status.find(name);
  return at == std::string::npos ? std::string() : status.substr(at, status.find('\n', at + 1) - at);
}

// Empty when the thread has ended.
std::string identityOf(pid_t thread) {
  const std::string status = statusOf(thread);
  // io_uring's workers take the credentials of each request, whoever made them.
  if (status.empty() || status.starts_with("Name:\tiou-wrk-")) return {};
  return line(status, "\nUid:") + line(status, "\nGid:") + line(status, "\nGroups:") + line(status, "\nCapEff:");
}

}  // namespace

std::vector<pid_t> threads() {
  std::vector<pid_t> found;
  DIR* folder = opendir("/proc/self/task");
  if (!folder) return found;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') found.push_back(std::atoi(entry->d_name));
  }
  closedir(folder);
  std::sort(found.begin(), found.end());
  return found;
}

std::string identityHere() {
  return identityOf(static_cast<pid_t>(syscall(SYS_gettid)));
}

bool strangersBeside(const std::vector<pid_t>& known, const std::string& identity) {
  for (const pid_t thread : threads()) {
    if (std::binary_search(known.begin(), known.end(), thread)) continue;
    const std::string found = identityOf(thread);
    if (!found.empty() && found != identity) return true;
  }
  return false;
}

}  // namespace framepipe::posix
