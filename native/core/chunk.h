// Complete frames on their way to JavaScript: a stretch of a block, and where the frames in it are.
#pragma once
#include <vector>

#include "codec/decoder.h"
#include "core/block.h"

namespace framepipe {

struct Chunk {
  // About what JavaScript keeps for each, beside the bytes: where a frame begins and ends. Of many small chunks that wait it
  // makes few large ones, so that each costs little.
  static constexpr size_t kOverhead = 16;
  static constexpr size_t kFrameOverhead = 16;

  BlockRef block;
  uint32_t begin = 0;            // first byte of the first frame, its header included, within the block
  uint32_t length = 0;           // bytes on the wire
  std::vector<Boundary> frames;  // relative to `begin`

  // What counts against the high-water mark.
  size_t cost() const { return length + kOverhead + kFrameOverhead * frames.size(); }

  const uint8_t* data() const { return block->data() + begin; }
};

}  // namespace framepipe
