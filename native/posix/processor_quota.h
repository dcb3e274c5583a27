// The quotas of cgroups. Any thread.
#pragma once
#include <string>

namespace framepipe::posix {

// This process's group, or one that it is in, has one. `root`: where /proc and /sys are.
bool processorQuota(const std::string& root);

}  // namespace framepipe::posix
