#include "loops/system.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "loops/check.h"
#include "loops/world.h"

namespace framepipe::test {

const bool kHalfClose = true;
const char* const kListenerIsGone = "ENOENT";
const bool kStopReleases = true;
const int kSpareHandles = 0;

void prepareProcess() {
  std::signal(SIGPIPE, SIG_DFL);  // a write without MSG_NOSIGNAL shall be noticed
  const World first;              // libuv keeps two descriptors for the life of the process
}

int openHandles() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

int64_t ownProcessId() {
  return ::getpid();
}

Names::Names() {
  char directory[] = "/tmp/framepipe-test-XXXXXX";
  CHECK(::mkdtemp(directory));
  ::chmod(directory, 0755);
  prefix_ = std::string(directory) + "/";
}

Names::~Names() {
  std::filesystem::remove_all(prefix_);
}

}  // namespace framepipe::test
