// One of this user's processes at a time, by a lock that nobody else can hold: in a folder of the user's own. Any thread.
#pragma once
#include "posix/unique_fd.h"

namespace framepipe::posix {

class OwnLock {
 public:
  // Waits for it, but not for long. Where there is no such folder, nobody has it.
  OwnLock();

  explicit operator bool() const { return held_; }

 private:
  UniqueFd file_;
  bool held_ = false;
};

}  // namespace framepipe::posix
