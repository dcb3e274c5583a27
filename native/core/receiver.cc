#include "core/receiver.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace framepipe {

Receiver::Receiver(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t first_step)
    : decoder_(makeDecoder(framing)),
      pool_(std::move(pool)),
      max_frame_length_(framing.max_frame_length),
      first_step_(first_step),
      step_(first_step) {}

std::span<uint8_t> Receiver::room(size_t least, size_t most) {
  if (pending() == 0 && block_.unique()) {
    start_ = filled_ = 0;
    const size_t size = block_->size(), likely = sizeOfNext();
    if (size < likely || size / 4 > likely) block_.reset();
  }
  const size_t needed = std::max(least, roomNeeded());
  if ((!block_ || block_->size() - filled_ < needed) && !makeRoom(needed)) return {};
  const size_t beyond = std::min(most, SIZE_MAX - missing());  // or the sum would wrap around
  offered_ = std::min(
      {block_->size() - filled_, std::max(needed, greatestRead()), std::max({least, kLeastRead, missing() + beyond})});
  return {block_->data() + filled_, offered_};
}

// In bytes: as many frames of the latest kind as are handled in a turn.
size_t Receiver::greatestRead() const {
  return frame_size_ == 0 ? SIZE_MAX : std::max(kFirstStep, frame_size_ * kFramesInRead);
}

// A peer that has sent such a frame before has kept its word; but not for what would be expensive if it breaks it.
size_t Receiver::trusted() const {
  return std::max(std::min(proven_, kLikelyFrame), 2 * pending() + kBeyondArrived);
}

size_t Receiver::roomNeeded() const {
  const size_t least = step_ / 4;
  if (wanted_ == 0) return least;
  if (wanted_ > trusted()) return std::min(missing(), kBeyondArrived);
  // For more room than the frame needs, what has come of it would be copied: not if that is much.
  return pending() > least ? missing() : std::max(missing(), least);
}

size_t Receiver::sizeOfNext() const {
  const size_t likely = std::max(step_, std::min(frame_size_, kLikelyFrame));
  if (wanted_ == 0) return std::max(likely, 2 * pending());
  return std::max(likely, std::min(wanted_, trusted()));
}

bool Receiver::makeRoom(size_t needed) {
  const size_t rest = pending();
  const size_t size = std::max(sizeOfNext(), rest + needed);
  if (block_.unique() && block_->size() >= size) {
    std::memmove(block_->data(), block_->data() + start_, rest);
  } else {
    BlockRef next = BlockPool::take(pool_, size);
    if (!next) return false;
    if (rest > 0) std::memcpy(next->data(), block_->data() + start_, rest);
    block_ = std::move(next);
  }
  start_ = 0;
  filled_ = rest;
  return true;
}

void Receiver::adapt(size_t count) {
  if (count == offered_ && offered_ >= step_ / 2)
    step_ = std::min(2 * step_, kGreatestStep);
  else if (count < offered_ && count < step_ / 4)
    step_ = std::max(step_ / 2, first_step_);
}

Failure Receiver::arrived(size_t count, Chunk& chunk, bool message_ends) {
  chunk.block.reset();
  chunk.frames.clear();
  chunk.begin = chunk.length = 0;
  if (failure_) return failure_;
  adapt(count);
  filled_ += count;
  if (decoder_ && pending() < wanted_) return {};

  const Decoder::Scan found = scan(chunk, message_ends);
  if (!chunk.frames.empty()) {
    frames_ = chunk.frames.size();
    frame_size_ = std::max<size_t>(found.consumed / frames_, 1);
    proven_ = std::max(proven_, frame_size_);
  }
  hand(chunk, found.consumed);
  wanted_ = found.wanted;
  if (found.error) failure_ = Failure::of(found.error, "read");
  return failure_;
}

// The next `length` bytes are done with, or in the chunk from now on.
void Receiver::hand(Chunk& chunk, size_t length) {
  if (!chunk.frames.empty()) {
    chunk.block = block_;
    chunk.begin = static_cast<uint32_t>(start_);
    chunk.length = static_cast<uint32_t>(length);
  }
  start_ += length;
  position_ += length;
}

Decoder::Scan Receiver::scan(Chunk& chunk, bool message_ends) {
  if (!decoder_) return scanMessage(chunk, message_ends);
  chunk.frames.reserve(std::min(frames_, pending()));
  return decoder_->scan({block_->data() + start_, pending()}, chunk.frames);
}

Decoder::Scan Receiver::scanMessage(Chunk& chunk, bool message_ends) const {
  if (pending() > max_frame_length_)
    return {.consumed = 0,
            .wanted = 0,
            .error = {.code = "ERR_FRAME_TOO_LARGE",
                      .reason = "longer than maxFrameLength",
                      .declared = pending(),
                      .limit = max_frame_length_,
                      .position = position_}};
  if (!message_ends) return {};
  chunk.frames.push_back({0, static_cast<uint32_t>(pending())});
  return {.consumed = pending(), .wanted = 0, .error = {}};
}

Failure Receiver::ended(Chunk& chunk) {
  if (failure_ || pending() == 0) return failure_;
  FrameError error;
  if (decoder_)
    error = decoder_->end({block_->data() + start_, pending()}, chunk.frames);
  else
    error = {.code = "ERR_FRAME_TRUNCATED",
             .reason = "the stream ended within a message",
             .declared = 0,
             .limit = pending(),
             .position = position_};
  if (!chunk.frames.empty()) hand(chunk, pending());
  if (error) failure_ = Failure::of(error, "read");
  return failure_;
}

void Receiver::releaseLarge() {
  if (block_ && block_->size() >= BlockPool::kLeastSize) release();
}

void Receiver::release() {
  if (pending() > 0) return;
  block_.reset();
  start_ = filled_ = 0;
}

}  // namespace framepipe
