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
  // Half of what is gathered: a stretch of its own is a write of its own where the system takes one at a time (Windows).
  // So there are at most twice as many of them as if all were copied; and blocks are at least half full, so that what a
  // queue holds is at most twice what it counts.
  static constexpr size_t kSharedFrom = SendQueue::kGreatestGathered / 2;

  // `shared_from`: tests have short frames.
  explicit EncodedFrames(const Framing& framing, std::shared_ptr<BlockPool> pool = nullptr,
                         size_t shared_from = kSharedFrom)
      : encoded_(framing, std::move(pool)), shared_from_(shared_from) {}

  // Once. All of the frames or, when one is refused, none.
  Failure encode(std::span<const std::span<const uint8_t>> frames) {
    for (const auto& frame : frames) longest_ = std::max(longest_, frame.size());
    count_ = frames.size();
    return encoded_.append(frames);
  }

  size_t count() const { return count_; }
  size_t longest() const { return longest_; }  // without what the framing adds
  size_t bytes() const { return encoded_.queued(); }

  void appendTo(SendQueue& queue) const { queue.append(encoded_, shared_from_); }

 private:
  SendQueue encoded_;
  const size_t shared_from_;
  size_t count_ = 0;
  size_t longest_ = 0;
};

}  // namespace framepipe
