#include "core/send_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace framepipe {

SendQueue::SendQueue(const Framing& framing, std::shared_ptr<BlockPool> pool)
    : framing_(framing), pool_(std::move(pool)) {}

Failure SendQueue::append(std::span<const std::span<const uint8_t>> frames) {
  const Mark before = mark();
  Envelope envelope;
  for (const std::span<const uint8_t> frame : frames) {
    if (const FrameError error = encode(framing_, frame, envelope)) {
      rollBack(before);
      return Failure::of(error, "write");
    }
    if (!put(envelope, frame)) {
      rollBack(before);
      return {"ENOMEM", "write", 0, "there is no memory for what is to be sent"};
    }
  }
  return {};
}

// Where there is no memory to gather in, all of it is shared: this cannot fail.
void SendQueue::append(const SendQueue& encoded, size_t shared_from) {
  for (const Segment& stretch : encoded.segments_) {
    const size_t bytes = stretch.end - stretch.begin;
    const bool shares = bytes >= shared_from && bytes >= stretch.block->size() / 2;
    uint8_t* const at = shares ? nullptr : extend(bytes);
    if (!at)
      segments_.push_back({stretch.block, stretch.begin, stretch.end, /*shared=*/true});
    else if (bytes > 0)
      std::memcpy(at, stretch.block->data() + stretch.begin, bytes);
    queued_ += bytes;
  }
}

SendQueue::Mark SendQueue::mark() const {
  return {segments_.size(), segments_.empty() ? 0 : segments_.back().end, queued_};
}

void SendQueue::rollBack(const Mark& mark) {
  while (segments_.size() > mark.segments) segments_.pop_back();
  if (!segments_.empty()) segments_.back().end = mark.end;
  queued_ = mark.queued;
}

bool SendQueue::put(const Envelope& envelope, std::span<const uint8_t> frame) {
  const std::span<const uint8_t> payload = frame.subspan(envelope.skip);
  const size_t bytes = envelope.header + payload.size() + envelope.trailer.size();
  if (bytes == 0 && framing_.kind != FramingKind::Message) return true;
  uint8_t* at = extend(bytes);
  if (!at) return false;
  if (envelope.header > 0) std::memcpy(at, envelope.bytes.data(), envelope.header);
  at += envelope.header;
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
  at += payload.size();
  if (!envelope.trailer.empty()) std::memcpy(at, envelope.trailer.data(), envelope.trailer.size());
  queued_ += bytes;
  return true;
}

// Room for `bytes` in one stretch, behind what is queued; null when there is no memory. Also behind stretches that are
// shared, the block that was filled last is filled further: or each short one between them would hold a block.
uint8_t* SendQueue::extend(size_t bytes) {
  const auto own = std::find_if(segments_.rbegin(), segments_.rend(), [](const Segment& one) { return !one.shared; });
  if (own != segments_.rend() && own->block->size() - own->end >= bytes) {
    const size_t at = own->end;
    if (framing_.kind == FramingKind::Message || own != segments_.rbegin())
      segments_.push_back({BlockRef(own->block), at, at + bytes});
    else
      own->end += bytes;
    return segments_.back().block->data() + at;
  }
  BlockRef block = nextBlock(bytes);
  if (!block) return nullptr;
  segments_.push_back({std::move(block), 0, bytes});
  return segments_.back().block->data();
}

BlockRef SendQueue::nextBlock(size_t bytes) {
  if (spare_ && spare_->size() >= bytes) return std::exchange(spare_, nullptr);
  if (bytes > kGreatestGathered) return BlockPool::take(pool_, bytes);
  // The more waits already, the more is likely to follow.
  const size_t gathered = std::clamp(4 * queued_, kFirstBlock, kGreatestGathered);
  return BlockPool::take(pool_, std::max(bytes, gathered));
}

size_t SendQueue::gather(std::span<std::span<const uint8_t>> spans) const {
  const size_t count = std::min(spans.size(), segments_.size());
  for (size_t i = 0; i < count; ++i) {
    const Segment& segment = segments_[i];
    spans[i] = {segment.block->data() + segment.begin, segment.end - segment.begin};
  }
  return count;
}

void SendQueue::sent(size_t count) {
  queued_ -= count;
  while (!segments_.empty()) {
    Segment& first = segments_.front();
    const size_t taken = std::min(count, first.end - first.begin);
    first.begin += taken;
    count -= taken;
    if (first.begin < first.end) return;
    if (segments_.size() == 1 && first.block->size() <= kFirstBlock && first.block.unique())
      spare_ = std::move(first.block);
    segments_.pop_front();
    if (framing_.kind == FramingKind::Message) return;
  }
}

void SendQueue::clear() {
  segments_.clear();
  queued_ = 0;
}

}  // namespace framepipe
