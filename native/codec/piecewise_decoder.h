// Feeds a decoder with a stream that comes in pieces of somebody else's, and keeps what is left over.
// One thread at a time.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "codec/decoder.h"

namespace framepipe {

class PiecewiseDecoder {
 public:
  // Not for message framing, whose boundaries are not in the bytes.
  explicit PiecewiseDecoder(const Framing& framing) : decoder_(makeDecoder(framing)) {}

  struct Frames {
    std::span<const uint8_t> bytes;      // complete frames; valid until the next call, and as long as `piece`
    std::span<const Boundary> frames;    // relative to `bytes`
    FrameError error;                    // the frames before it are good
  };
  // `piece` is at most 1 GiB.
  Frames push(std::span<const uint8_t> piece);

  // The stream ended: clean only between frames, unless what is left over is the last one.
  Frames end();

 private:
  static constexpr size_t kKeptCapacity = 64u << 10;

  void forgetConsumed();

  std::unique_ptr<Decoder> decoder_;
  std::vector<Boundary> frames_;
  std::vector<uint8_t> rest_;
  size_t consumed_ = 0;  // of rest_, by the call before
  size_t wanted_ = 0;
};

}  // namespace framepipe
