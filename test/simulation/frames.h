// What frames are made of: each byte tells of its frame and its place, and none is a delimiter.
#pragma once
#include "codec/framing.h"
#include "random.h"

namespace simulation {

inline uint8_t byteOfFrame(size_t frame, size_t at) {
  return static_cast<uint8_t>('a' + (frame * 7 + at) % 26);
}

inline size_t sizeOfFrame(Random& random, size_t longest) {
  if (random.chance(15)) return 0;
  return random.chance(80) ? random.between(1, longest < 24 ? longest : 24) : random.below(longest + 1);
}

inline size_t sizeOfFrame(Random& random, const framepipe::Framing& framing) {
  const size_t longest = framing.max_frame_length;
  return framing.kind == framepipe::FramingKind::Fixed ? longest : sizeOfFrame(random, longest);
}

}  // namespace simulation
