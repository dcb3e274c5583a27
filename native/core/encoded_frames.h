// Frames that are encoded once, for all connections of a framing that get them. Long ones stay in this memory until the
// last connection has written them. JS thread; what was handed out, any.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/send_queue.h"

namespace framepipe {

class EncodedFrames {
 public:
  // What one call that writes is to carry: half of what it would if all were gathered. So the system takes stretches as they
  // are where it takes many at once (Linux), and long ones only where each is a call of its own (Windows).
  static constexpr size_t kLeastWrite = SendQueue::kGreatestGathered / 2;

  // `least_write`: tests have short frames.
  explicit EncodedFrames(const Framing& framing, std::shared_ptr<BlockPool> pool = nullptr,
                         size_t least_write = kLeastWrite)
      : encoded_(framing, std::move(pool)), least_write_(least_write) {}

  // Once. All of the frames or, when one is refused, none.
  Failure encode(std::span<const std::span<const uint8_t>> frames) {
    for (const auto& frame : frames) longest_ = std::max(longest_, frame.size());
    count_ = frames.size();
    return encoded_.append(frames);
  }

  size_t count() const { return count_; }
  size_t longest() const { return longest_; }  // without what the framing adds
  size_t bytes() const { return encoded_.queued(); }

  // `at_once`: how many stretches one call writes.
  void appendTo(SendQueue& queue, size_t at_once) const { queue.append(encoded_, least_write_ / at_once); }

 private:
  SendQueue encoded_;
  const size_t least_write_;
  size_t count_ = 0;
  size_t longest_ = 0;
};

}  // namespace framepipe
