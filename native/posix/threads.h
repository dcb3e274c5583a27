// The threads of this process, and who they are, as the kernel tells. Any thread.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace framepipe::posix {

// In ascending order; empty when there is no /proc.
std::vector<pid_t> threads();

// What the calling thread is judged by, as one string.
std::string identityHere();

// Whether one that is not in `known` is somebody else than `identity`.
bool strangersBeside(const std::vector<pid_t>& known, const std::string& identity);

}  // namespace framepipe::posix
