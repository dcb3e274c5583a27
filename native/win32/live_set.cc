#include "win32/live_set.h"

#include <mutex>
#include <vector>

namespace framepipe::win32 {

bool LiveSet::enter(const std::shared_ptr<Live>& object) {
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  objects_.emplace(object.get(), object);
  return true;
}

void LiveSet::leave(const Live* object) {
  const std::lock_guard lock(mutex_);
  objects_.erase(object);
  if (ended_ && objects_.empty()) WakeAllConditionVariable(&left_);
}

void LiveSet::end() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  while (!objects_.empty()) {
    std::vector<std::shared_ptr<Live>> remaining;
    for (const auto& [key, object] : objects_) remaining.push_back(object);
    lock.unlock();
    for (const auto& object : remaining) object->abort();
    remaining.clear();
    lock.lock();
    // Cancelling is immediate, except where it came too early to find the call that it was meant for.
    if (!objects_.empty()) mutex_.waitFor(left_, 10);
  }
}

}  // namespace framepipe::win32
