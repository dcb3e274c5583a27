// Numbers for JavaScript to name native objects by: slot and generation, so that a stale number
// finds nothing and never another object. JS thread only.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace framepipe {

using Id = uint32_t;  // never 0

template <class T>
class HandleTable {
 public:
  Id add(std::shared_ptr<T> object) {
    if (free_.empty()) {
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].object = std::move(object);
    return slots_[index].generation << kIndexBits | index;
  }

  // Empty when there is no such object (any more).
  std::shared_ptr<T> find(Id id) const {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size() || slots_[index].generation != id >> kIndexBits) return nullptr;
    return slots_[index].object;
  }

  void remove(Id id) {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size() || slots_[index].generation != id >> kIndexBits) return;
    slots_[index].object.reset();
    slots_[index].generation = slots_[index].generation % kGenerations + 1;
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
    uint32_t generation = 1;
    std::shared_ptr<T> object;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace framepipe
