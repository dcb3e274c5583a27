// The threads of this process, and who they are, as the kernel tells. One thread at a time.
#pragma once
#include <dirent.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "posix/credentials.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

class Threads {
 public:
  // 0, or an errno. What it takes to look at them is there from now on, also when no descriptor is left any more.
  int open() noexcept;

  // In ascending order; empty when they cannot be seen.
  std::vector<pid_t> all() noexcept;

  enum class Is : uint8_t { Gone, Somebody, SomebodyElse, Unknown };
  // Whether that thread is `somebody`.
  Is who(pid_t thread, const Credentials& somebody) noexcept;

 private:
  struct Closed {
    void operator()(DIR* folder) const { closedir(folder); }
  };

  std::unique_ptr<DIR, Closed> folder_;
  UniqueFd reserve_;
};

}  // namespace framepipe::posix
