// What holds something of Windows' (handles, operations in flight) and has to give it back before the
// environment can end. Any thread.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

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
  std::mutex mutex_;
  std::condition_variable left_;
  std::unordered_map<const Live*, std::shared_ptr<Live>> objects_;
  bool ended_ = false;
};

}  // namespace framepipe::win32
