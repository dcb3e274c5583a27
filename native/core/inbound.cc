#include "core/inbound.h"

#include <algorithm>
#include <utility>

namespace framepipe {

Inbound::Inbound(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t first_room, const Limits& limits)
    : receiver_(framing, std::move(pool), first_room),
      max_frame_length_(framing.max_frame_length),
      high_water_mark_(std::max<size_t>(limits.high_water_mark, 1)),
      most_undelivered_(limits.told_later ? kMostUndelivered : SIZE_MAX),
      least_on_wire_(framing.leastOnWire()),
      framed_elsewhere_(framing.kind == FramingKind::Custom),
      untaken_(limits.untaken) {}

std::span<uint8_t> Inbound::room() {
  size_t most = SIZE_MAX;
  if (!rest_) {
    most = high_water_mark_ - std::min(held_, high_water_mark_);
    // So many bytes are at most so many frames, and each of them counts for more than its bytes.
    if (least_on_wire_ < SIZE_MAX)
      most = static_cast<size_t>(uint64_t{most} * least_on_wire_ / (least_on_wire_ + Chunk::kFrameOverhead));
  }
  const std::span<uint8_t> room = receiver_.room(least_, most);
  return untaken_ == SIZE_MAX ? room : room.first(std::min(room.size(), static_cast<size_t>(untaken_ - bytes_)));
}

void Inbound::makeRoomFor(size_t message) {
  least_ = message;
  withheld_ = message > untaken_ - bytes_;
}

void Inbound::discard() {
  untaken_ = SIZE_MAX;
  withheld_ = false;
  rest_ = true;
}

bool Inbound::take() {
  untaken_ = SIZE_MAX;
  withheld_ = false;
  return mayGoOn();
}

Failure Inbound::decode(const ReadAnswer& answer, Chunk& chunk) {
  least_ = 1;
  const Failure failure = receiver_.arrived(answer.bytes, chunk, answer.message_ends);
  // A large block is soon had again from the pool: no idle connection keeps one.
  if (answer.was_all) receiver_.releaseLarge();
  return failure;
}

Failure Inbound::refuse(size_t message) {
  return Failure::of({"ERR_FRAME_TOO_LARGE", "longer than maxFrameLength", message, max_frame_length_, bytes_}, "read");
}

void Inbound::arrived(size_t bytes, const Chunk& chunk) {
  bytes_ += bytes;
  if (!framed_elsewhere_) {
    frames_ += chunk.frames.size();
    complete_ += chunk.length;
    frame_begun_ = receiver_.pending() > 0;
  }
  if (chunk.frames.empty()) return;
  held_ += chunk.cost();
  undelivered_ += chunk.frames.size();
}

void Inbound::framed(uint64_t frames, uint64_t incomplete) {
  frames_ += frames;
  incomplete_ = incomplete;
  frame_begun_ = incomplete > 0;
}

bool Inbound::consumed(size_t cost) {
  held_ -= std::min(cost, held_);
  return mayGoOn();
}

bool Inbound::delivered(size_t frames) {
  undelivered_ -= std::min(frames, undelivered_);
  return mayGoOn();
}

}  // namespace framepipe
