#include "posix/processor_quota.h"

#include <fstream>

#include "core/processor_quota.h"

namespace framepipe {

namespace posix {

namespace {

// The first word of a file; empty if there is none.
std::string wordIn(const std::string& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

// cgroups(7): version 2 says "max" or microseconds, version 1 -1 or microseconds.
bool limits(const std::string& folder) {
  const std::string max = wordIn(folder + "/cpu.max");
  const std::string quota = wordIn(folder + "/cpu.cfs_quota_us");
  return (!max.empty() && max != "max") || (!quota.empty() && quota[0] != '-');
}

bool anyLimits(const std::string& mount, std::string group) {
  for (;;) {
    if (limits(mount + group)) return true;
    const size_t last = group.rfind('/');
    if (last == std::string::npos) return false;
    group.resize(last);
  }
}

}  // namespace

bool processorQuota(const std::string& root) {
  const std::string mounts = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  // "0::/group", or with version 1 "4:cpu,cpuacct:/group".
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool unified = controllers == ",,";
    if (!unified && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string group = line.substr(second + 1) == "/" ? "" : line.substr(second + 1);
    if (anyLimits(unified ? mounts : mounts + "/cpu", group)) return true;
  }
  return false;
}

}  // namespace posix

bool processorQuota() {
  return posix::processorQuota("");
}

}  // namespace framepipe
