// Limits of processor time, as cgroups have them.
#include "posix/processor_quota.h"

#include <filesystem>
#include <fstream>

#include "loops/check.h"

namespace framepipe::test {

namespace {

// A /proc and a /sys of its own.
struct Root {
  Root() {
    char pattern[] = "/tmp/framepipe-cgroups-XXXXXX";
    path = ::mkdtemp(pattern);
  }
  ~Root() { std::filesystem::remove_all(path); }

  Root& file(const std::string& name, const std::string& text) {
    const std::filesystem::path file = path + "/" + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
    return *this;
  }
  bool limited() const { return posix::processorQuota(path); }

  std::string path;
};

}  // namespace

TEST(aProcessorQuotaIsFoundInEachGroupOfTheProcess) {
  CHECK(!Root().limited());
  CHECK(!Root().file("proc/self/cgroup", "0::/a/b").file("sys/fs/cgroup/a/b/cpu.max", "max 100000").limited());
  CHECK(Root().file("proc/self/cgroup", "0::/a/b").file("sys/fs/cgroup/a/b/cpu.max", "50000 100000").limited());
  CHECK(Root().file("proc/self/cgroup", "0::/a/b").file("sys/fs/cgroup/a/cpu.max", "50000 100000").limited());
  // A container's own group is the root that it sees.
  CHECK(Root().file("proc/self/cgroup", "0::/").file("sys/fs/cgroup/cpu.max", "150000 100000").limited());
  CHECK(!Root().file("proc/self/cgroup", "0::/a").file("sys/fs/cgroup/c/cpu.max", "50000 100000").limited());
  CHECK(!Root().file("proc/self/cgroup", "broken\n:\n").limited());
}

TEST(aProcessorQuotaOfCgroupsVersion1IsFoundToo) {
  const std::string groups = "5:memory:/m\n4:cpu,cpuacct:/a\n1:cpuset:/a";
  CHECK(!Root().file("proc/self/cgroup", groups).file("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1").limited());
  CHECK(Root().file("proc/self/cgroup", groups).file("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "20000").limited());
  CHECK(Root().file("proc/self/cgroup", groups).file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "20000").limited());
}

}  // namespace framepipe::test
