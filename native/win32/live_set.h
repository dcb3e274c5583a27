// What holds something of Windows' (handles, operations in flight) and has to give it back before the
// environment can end. Any thread.
#pragma once
#include <windows.h>

#include <memory>
#include <unordered_map>

#include "win32/mutex.h"

namespace framepipe::win32 {

class Live {
 public:
  // JS thread, at the end, and more than once: let go of everything at once, then leave the set.
  virtual void abort() noexcept = 0;

 protected:
  ~Live() = default;
};

class LiveSet {
 public:
  // False when it is too late to begin anything.
  bool enter(const std::shared_ptr<Live>& object);

  // The last thing that `object` does.
  void leave(const Live* object);

  // JS thread: nobody enters any more, all are aborted, and have left when this returns.
  void end();

 private:
  Mutex mutex_;
  CONDITION_VARIABLE left_ = CONDITION_VARIABLE_INIT;
  std::unordered_map<const Live*, std::shared_ptr<Live>> objects_;
  bool ended_ = false;
};

}  // namespace framepipe::win32
