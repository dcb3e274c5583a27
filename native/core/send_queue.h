// Frames on their way out: encoded and gathered into few large writes. One thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "codec/framing.h"
#include "core/block.h"
#include "core/failure.h"

namespace framepipe {

class SendQueue {
 public:
  explicit SendQueue(const Framing& framing) : framing_(framing) {}

  // Encodes all of the frames or, when one is refused, none. The bytes are copied: the caller may reuse its memory.
  Failure append(std::span<const std::span<const uint8_t>> frames);

  // Bytes that have not been handed to the operating system yet, or not been taken by it.
  size_t queued() const { return queued_; }
  bool empty() const { return segments_.empty(); }

  // The next stretches to write, at most `spans.size()`; returns how many were filled in.
  // With message framing each stretch is one message (an empty message is an empty stretch), written by a call of its own.
  size_t gather(std::span<std::span<const uint8_t>> spans) const;

  // The operating system took `count` bytes, from the front (message framing: the whole first stretch).
  void sent(size_t count);
  void clear();

  // The block of the first stretch: hold it while a write from it is in flight.
  BlockRef front() const { return segments_.empty() ? nullptr : segments_.front().block; }

 private:
  struct Segment {
    BlockRef block;
    size_t begin;
    size_t end;
  };
  void put(std::span<const uint8_t> bytes);
  void reserve(size_t bytes);

  Framing framing_;
  std::deque<Segment> segments_;
  size_t queued_ = 0;
};

}  // namespace framepipe
