// Counts the libuv handles that a loop has open: it may only go when the last close callback ran.
// JS thread only.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace framepipe::posix {

class OpenHandles {
 public:
  using Done = void (*)(void*);

  void opened() { ++open_; }

  // May end the loop that owns this: nothing is touched afterwards.
  void closed() {
    if (--open_ == 0) tell();
  }

  // Calls `done` when none is open: at once, or from the last close callback.
  void whenNone(Done done, void* argument) {
    waiting_.emplace_back(done, argument);
    if (open_ == 0) tell();
  }

 private:
  void tell() {
    const auto waiting = std::exchange(waiting_, {});
    for (const auto& [done, argument] : waiting) done(argument);
  }

  size_t open_ = 0;
  std::vector<std::pair<Done, void*>> waiting_;
};

}  // namespace framepipe::posix
