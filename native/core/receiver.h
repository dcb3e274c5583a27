// Bytes from the operating system in, chunks of complete frames out. Owned by the thread that reads.
#pragma once
#include <memory>
#include <span>

#include "core/chunk.h"
#include "core/failure.h"

namespace framepipe {

class Receiver {
 public:
  explicit Receiver(const Framing& framing);

  // Where the next bytes may be put: never empty, valid until arrived() or another room().
  // A frame whose length is known gets room for all of it, in bounded steps, so that what a
  // peer merely declares costs no memory.
  std::span<uint8_t> room();

  // `count` bytes were put there. Fills `chunk` when that completed frames (chunk.frames is empty otherwise).
  // `message_ends`: the operating system says that a message ended here (message framing only).
  // After a failure nothing more is decoded; frames before it are in `chunk`.
  Failure arrived(size_t count, Chunk& chunk, bool message_ends = false);

  // The stream ended.
  Failure ended();

  // Bytes of an incomplete frame that are held.
  size_t pending() const { return filled_ - start_; }

 private:
  void grow(size_t least);

  std::unique_ptr<Decoder> decoder_;  // null: message framing
  uint32_t max_frame_length_;
  bool failed_ = false;
  BlockRef block_;
  size_t start_ = 0;   // first byte not consumed
  size_t filled_ = 0;  // end of what has arrived
  size_t wanted_ = 0;  // Decoder::Scan::wanted of the frame at start_
  size_t step_;        // how much room to offer: grows while reads come back full
  uint64_t position_ = 0;
};

}  // namespace framepipe
