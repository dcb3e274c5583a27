// Numbers for JavaScript to name native objects by: a slot, and above it a generation. A number is never given out twice,
// so that a stale one finds nothing and never another object; a slot whose generations are used up is not used again.
// JS thread only, but for reserve().
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace framepipe {

using Id = uint64_t;  // 1 … 2^53 − 1, what JavaScript's numbers hold exactly; 0: none

template <class T>
class HandleTable {
 public:
  static constexpr uint32_t kSlotBits = 20;  // a million at once
  static constexpr uint64_t kLastGeneration = (uint64_t{1} << (53 - kSlotBits)) - 1;

  // 0 when no number is left.
  Id add(std::shared_ptr<T> object) {
    const Id id = reserve();
    if (id) put(id, std::move(object));
    return id;
  }

  // Any thread: a number for an object that is put() later, when the JS thread learns of it. 0 when none is left.
  Id reserve() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      if (generations_.size() > kSlotMask) return 0;
      free_.push_back(static_cast<uint32_t>(generations_.size()));
      generations_.push_back(first_generation_);
    }
    const uint32_t slot = free_.front();  // the one that has been free for longest
    free_.pop_front();
    return generations_[slot] << kSlotBits | slot;
  }

  void put(Id id, std::shared_ptr<T> object) {
    const size_t slot = id & kSlotMask;
    if (slot >= slots_.size()) slots_.resize(slot + 1);
    slots_[slot] = {id, std::move(object)};
  }

  // Empty when there is no such object (any more).
  std::shared_ptr<T> find(Id id) const {
    const size_t slot = id & kSlotMask;
    if (id == 0 || slot >= slots_.size() || slots_[slot].id != id) return nullptr;
    return slots_[slot].object;
  }

  void remove(Id id) {
    const auto slot = static_cast<uint32_t>(id & kSlotMask);
    if (id == 0 || slot >= slots_.size() || slots_[slot].id != id) return;
    slots_[slot] = {};
    const std::lock_guard lock(mutex_);
    if (++generations_[slot] <= kLastGeneration) free_.push_back(slot);
  }

  // A number that was reserved for nothing.
  void cancel(Id id) {
    put(id, nullptr);
    remove(id);
  }

  // For tests: every number from now on is of this generation or a later one.
  void countFrom(uint64_t generation) {
    const std::lock_guard lock(mutex_);
    first_generation_ = std::max(first_generation_, std::min(generation, kLastGeneration));
    for (const uint32_t slot : free_) generations_[slot] = std::max(generations_[slot], first_generation_);
  }

  template <class Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_)
      if (slot.object) visit(slot.object);
  }

 private:
  static constexpr uint64_t kSlotMask = (uint64_t{1} << kSlotBits) - 1;

  struct Slot {
    Id id = 0;  // 0: nothing here
    std::shared_ptr<T> object;
  };
  std::vector<Slot> slots_;

  std::mutex mutex_;  // what reserve() needs
  uint64_t first_generation_ = 1;
  std::vector<uint64_t> generations_;
  std::deque<uint32_t> free_;
};

}  // namespace framepipe
