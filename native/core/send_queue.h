// Frames on their way out: encoded and gathered into few large writes. One thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "codec/encoder.h"
#include "core/block_pool.h"
#include "core/failure.h"

namespace framepipe {

class SendQueue {
 public:
  static constexpr size_t kMessageOverhead = 64;  // about what one costs here beside its bytes
  static constexpr size_t kGreatestGathered = 64u << 10;  // a block that frames are gathered in

  // `pool`: the loop's, so that connections share what memory they do not need right now.
  explicit SendQueue(const Framing& framing, std::shared_ptr<BlockPool> pool = nullptr);

  // Encodes all of the frames or, when one is refused, none. The bytes are copied: the caller may reuse its memory.
  Failure append(std::span<const std::span<const uint8_t>> frames);

  // What another queue of the same framing has encoded, as it stands there: its stretches of `shared_from` bytes and more
  // are shared, others are gathered. Those that fill less than half of their block, too, which counts for its bytes alone.
  void append(const SendQueue& encoded, size_t shared_from);

  // Bytes that have not been handed to the operating system yet, or not been taken by it.
  size_t queued() const { return queued_; }
  // What counts against the high-water mark: a message costs something, however short it is.
  size_t held() const {
    return queued_ + (framing_.kind == FramingKind::Message ? segments_.size() * kMessageOverhead : 0);
  }
  bool empty() const { return segments_.empty(); }

  // The next stretches to write, at most `spans.size()`; returns how many were filled in.
  // With message framing each stretch is one message (an empty message is an empty stretch), written by a call of its own.
  size_t gather(std::span<std::span<const uint8_t>> spans) const;

  // The operating system took `count` bytes, from the front; or, with message framing, the first message.
  void sent(size_t count);
  void sentMessage() { sent(segments_.front().end - segments_.front().begin); }
  void clear();

  // The block of the first stretch: hold it while a write from it is in flight.
  BlockRef front() const { return segments_.empty() ? nullptr : segments_.front().block; }

 private:
  static constexpr size_t kFirstBlock = 1u << 10;

  struct Segment {
    BlockRef block;
    size_t begin;
    size_t end;
    bool shared = false;  // with other queues: nothing is put behind it
  };
  struct Mark {
    size_t segments, end, queued;
  };
  Mark mark() const;
  void rollBack(const Mark& mark);
  bool put(const Envelope& envelope, std::span<const uint8_t> frame);
  uint8_t* extend(size_t bytes);
  BlockRef nextBlock(size_t bytes);

  Framing framing_;
  std::shared_ptr<BlockPool> pool_;
  std::deque<Segment> segments_;
  size_t queued_ = 0;
  BlockRef spare_;  // a small one: what is sent at once, again and again, needs no other memory
};

}  // namespace framepipe
