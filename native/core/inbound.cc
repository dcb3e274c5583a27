#include "core/inbound.h"

#include <algorithm>
#include <utility>

namespace framepipe {

Inbound::Inbound(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t first_room, size_t high_water_mark,
                 bool told_later)
    : receiver_(framing, std::move(pool), first_room),
      max_frame_length_(framing.max_frame_length),
      high_water_mark_(std::max<size_t>(high_water_mark, 1)),
      most_undelivered_(told_later ? kMostUndelivered : SIZE_MAX) {}

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
  frames_ += chunk.frames.size();
  complete_ += chunk.length;
  if (chunk.frames.empty()) return;
  held_ += chunk.cost();
  undelivered_ += chunk.frames.size();
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
