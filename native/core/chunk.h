// Complete frames on their way to JavaScript: a stretch of a block, and where the frames in it are.
#pragma once
#include <vector>

#include "codec/decoder.h"
#include "core/block.h"

namespace framepipe {

struct Chunk {
  BlockRef block;
  uint32_t begin = 0;            // first byte of the first frame, its header included, within the block
  uint32_t length = 0;           // bytes on the wire: what counts against the high-water mark
  std::vector<Boundary> frames;  // relative to `begin`

  const uint8_t* data() const { return block->data() + begin; }
};

}  // namespace framepipe
