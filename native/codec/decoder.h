// Finds frames in a stream of bytes: boundaries only, no memory of its own. One thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codec/frame_error.h"
#include "codec/framing.h"

namespace framepipe {

// A frame's payload, as offsets into the bytes that were scanned.
struct Boundary {
  uint32_t begin;
  uint32_t end;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  struct Scan {
    size_t consumed = 0;  // bytes of complete frames, headers and delimiters included
    // Bytes that the next frame takes in all, counted from the first byte not consumed;
    // 0 while its length is not known yet. Never more than the limit and a header allow.
    size_t wanted = 0;
    FrameError error;  // the frames before it are good; after it the decoder yields nothing more
  };

  // Appends the boundaries of all frames that are complete in `bytes`. `bytes` begins with the first
  // byte that earlier calls did not consume: what is left over is passed again with more behind it,
  // and is not searched again.
  virtual Scan scan(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) = 0;

  // The stream ended with these bytes left over: clean only between frames, unless they are the last one.
  virtual FrameError end(std::span<const uint8_t> rest, std::vector<Boundary>& frames) = 0;
};

std::unique_ptr<Decoder> makeDecoder(const Framing& framing);

}  // namespace framepipe
