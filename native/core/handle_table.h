// Numbers for JavaScript to name native objects by: slot and generation, so that a stale number
// finds nothing and never another object. JS thread only, but for reserve().
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace framepipe {

using Id = uint32_t;  // never 0

template <class T>
class HandleTable {
 public:
  Id add(std::shared_ptr<T> object) {
    const Id id = reserve();
    put(id, std::move(object));
    return id;
  }

  // Any thread: a number for an object that is put() later, when the JS thread learns of it.
  Id reserve() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      free_.push_back(static_cast<uint32_t>(generations_.size()));
      generations_.push_back(1);
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    return generations_[index] << kIndexBits | index;
  }

  void put(Id id, std::shared_ptr<T> object) {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size()) slots_.resize(index + 1);
    slots_[index] = {id, std::move(object)};
  }

  // Empty when there is no such object (any more).
  std::shared_ptr<T> find(Id id) const {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size() || slots_[index].id != id) return nullptr;
    return slots_[index].object;
  }

  void remove(Id id) {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size() || slots_[index].id != id) return;
    slots_[index] = {};
    const std::lock_guard lock(mutex_);
    generations_[index] = generations_[index] % kGenerations + 1;
    free_.push_back(index);
  }

  template <class Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_)
      if (slot.object) visit(slot.object);
  }

 private:
  static constexpr uint32_t kIndexBits = 20;  // a million at once
  static constexpr uint32_t kIndexMask = (1u << kIndexBits) - 1;
  static constexpr uint32_t kGenerations = (1u << (32 - kIndexBits)) - 1;  // 1 … 4095: an id is never 0

  struct Slot {
    Id id = 0;  // 0: nothing here
    std::shared_ptr<T> object;
  };
  std::vector<Slot> slots_;

  std::mutex mutex_;  // what reserve() needs
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_;
};

}  // namespace framepipe
