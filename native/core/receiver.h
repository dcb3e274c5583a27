// Bytes from the operating system in, chunks of complete frames out. Owned by the thread that reads.
#pragma once
#include <memory>
#include <span>

#include "core/block_pool.h"
#include "core/chunk.h"
#include "core/failure.h"

namespace framepipe {

class Receiver {
 public:
  static constexpr size_t kFirstStep = 4u << 10;
  // One read brings no more frames than this, about: to handle them takes longer than to read them, and others wait.
  static constexpr size_t kFramesInRead = 2048;

  // `pool`: the loop's, so that connections share what memory they do not need right now.
  // `first_step`: the room to begin with. Small where a read waits in it for as long as nothing comes.
  explicit Receiver(const Framing& framing, std::shared_ptr<BlockPool> pool = nullptr, size_t first_step = kFirstStep);

  // Where the next bytes may be put: at least `least`, valid until arrived(), release() or another room(). Empty when there
  // is no memory. Beyond the frame that has begun about `most` bytes at most.
  // A frame whose length is known gets room for all of it, in bounded steps: what a peer merely declares reserves
  // 64 KiB more than twice what has arrived, or about 1 MiB (kLikelyFrame) if such a frame has come before.
  std::span<uint8_t> room(size_t least = 1, size_t most = SIZE_MAX);

  // `count` bytes were put there. Fills `chunk` when that completed frames (chunk.frames is empty otherwise).
  // `message_ends`: the operating system says that a message ended here (message framing only).
  // After a failure nothing more is decoded; frames before it are in `chunk`.
  Failure arrived(size_t count, Chunk& chunk, bool message_ends = false);

  // The stream ended.
  // `chunk` gets the last frame, if the framing lets the end of the stream end one.
  Failure ended(Chunk& chunk);

  // Nothing is there to be read for now: holds no memory any more but an incomplete frame's.
  void release();
  // The same for a block that other connections may use meanwhile.
  void releaseLarge();

  // Bytes of an incomplete frame that are held.
  size_t pending() const { return filled_ - start_; }

 private:
  static constexpr size_t kGreatestStep = 256u << 10;
  static constexpr size_t kBeyondArrived = 64u << 10;
  static constexpr size_t kLeastRead = 256;  // less is not worth a call
  // What the next frame may have for being like the latest ones.
  static constexpr size_t kLikelyFrame = (1u << 20) + (16u << 10);

  size_t missing() const { return wanted_ > pending() ? wanted_ - pending() : 0; }
  size_t trusted() const;
  size_t roomNeeded() const;
  size_t sizeOfNext() const;
  size_t greatestRead() const;
  bool makeRoom(size_t needed);
  void adapt(size_t count);
  void hand(Chunk& chunk, size_t length);
  Decoder::Scan scan(Chunk& chunk, bool message_ends);
  Decoder::Scan scanMessage(Chunk& chunk, bool message_ends) const;

  std::unique_ptr<Decoder> decoder_;  // null: message framing
  std::shared_ptr<BlockPool> pool_;
  uint32_t max_frame_length_;
  size_t first_step_;
  Failure failure_;
  BlockRef block_;
  size_t start_ = 0;    // first byte not consumed
  size_t filled_ = 0;   // end of what has arrived
  size_t wanted_ = 0;   // Decoder::Scan::wanted of the frame at start_
  size_t offered_ = 0;  // by the latest room()
  size_t step_;         // how large a block to take: doubles while reads come back full, shrinks again
  size_t frames_ = 0;   // how many came in the latest chunk,
  size_t frame_size_ = 0;  // and how large they were: the next ones are likely to be alike
  size_t proven_ = 0;      // the largest that ever was
  uint64_t position_ = 0;
};

}  // namespace framepipe
