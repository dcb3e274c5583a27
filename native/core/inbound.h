// The receiving half of a connection: what has arrived, what JavaScript has not consumed, and when to stop reading.
// Under the connection's lock, but for what is the reading thread's alone.
#pragma once
#include <utility>

#include "core/receiver.h"
#include "core/transport.h"

namespace framepipe {

class Inbound {
 public:
  struct Limits {
    size_t high_water_mark;
    size_t untaken;   // bytes that are read before take(): SIZE_MAX, if nobody has to take it
    bool told_later;  // JavaScript is told by another thread than the one that reads, which may read on meanwhile
  };
  Inbound(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t first_room, const Limits& limits);

  // A turn: then other connections have theirs.
  class Turn {
   public:
    void count(size_t bytes, uint64_t frames) {
      ++reads_;
      bytes_ += bytes;
      frames_ += frames;
    }
    bool over() const { return reads_ >= kReads || bytes_ >= kBytes || frames_ >= Receiver::kFramesInRead; }

   private:
    static constexpr int kReads = 8;
    static constexpr size_t kBytes = 1u << 20;
    int reads_ = 0;
    size_t bytes_ = 0;
    uint64_t frames_ = 0;
  };

  // Reading thread. Empty when there is no memory. However small the frames that come, what is held then is no more than the
  // mark and one frame.
  std::span<uint8_t> room();
  // Reading thread, not under the lock.
  Failure decode(const ReadAnswer& answer, Chunk& chunk);
  Failure refuse(size_t message);  // of a message: longer than maxFrameLength
  // `chunk` gets the last frame, if the end of the stream ends one.
  Failure finish(Chunk& chunk) { return receiver_.ended(chunk); }
  void rest() { receiver_.release(); }
  bool admits(size_t message) const { return message <= max_frame_length_; }
  // Of a message whose size is known; it waits if nobody has taken the connection, and it is too long for that.
  void makeRoomFor(size_t message);

  // Whether the pace at which JavaScript consumes allows another read.
  bool mayRead() const {
    return !ended_ && !withheld_ && bytes_ < untaken_ &&
           (rest_ || (held_ < high_water_mark_ && undelivered_ < most_undelivered_));
  }
  // A peer that has left can send no more than the system holds: that is read at once, at any pace.
  void readRest() { rest_ = true; }
  // What comes is thrown away from now on: however much.
  void discard();
  // Somebody has the connection now. True: reading had stopped for this, and may go on.
  bool take();
  void arrived(size_t bytes, const Chunk& chunk);
  // True: reading had stopped for this, and may go on.
  bool consumed(size_t cost);
  bool delivered(size_t frames);
  void pause() { paused_ = true; }

  // JavaScript cuts what comes into frames (FramingKind::Custom): so many more are complete, and so many bytes are not.
  void framed(uint64_t frames, uint64_t incomplete);

  // Of a frame that is not complete, something has come.
  bool frameBegun() const { return frame_begun_; }
  // JavaScript is yet to cut what has come: until then it is not known how far the peer is. (Where it is told at once, the
  // reading waits for that.)
  bool uncut() const { return framed_elsewhere_ && most_undelivered_ < SIZE_MAX && undelivered_ > 0; }
  bool ended() const { return ended_; }
  bool end() { return !std::exchange(ended_, true); }
  // Nothing more can be read, not even to be thrown away. A frame that was refused ends less than that.
  bool exhausted() const { return exhausted_; }
  void exhaust() { exhausted_ = true; }

  uint64_t bytes() const { return bytes_; }
  uint64_t frames() const { return frames_; }
  // Bytes of a frame that is not complete.
  uint64_t incomplete() const { return ended_ ? 0 : framed_elsewhere_ ? incomplete_ : bytes_ - complete_; }

 private:
  // JavaScript gets all that has arrived at once: what one connection piles up meanwhile, all others wait for.
  static constexpr size_t kMostUndelivered = 4 * Receiver::kFramesInRead;

  bool mayGoOn() { return mayRead() && std::exchange(paused_, false); }

  Receiver receiver_;
  const size_t max_frame_length_;
  const size_t high_water_mark_;
  const size_t most_undelivered_;
  const size_t least_on_wire_;
  const bool framed_elsewhere_;
  size_t untaken_;
  bool withheld_ = false;  // a message waits, and would be more than that
  size_t least_ = 1;  // room for the message that is known to wait
  size_t held_ = 0;   // what JavaScript was given and has not consumed, by Chunk::cost()
  size_t undelivered_ = 0;  // frames that JavaScript has not been given yet
  bool frame_begun_ = false;
  bool paused_ = false;
  bool rest_ = false;
  bool ended_ = false;      // nothing more is told
  bool exhausted_ = false;  // nothing more is there
  uint64_t bytes_ = 0;
  uint64_t frames_ = 0;
  uint64_t complete_ = 0;  // bytes of the complete ones
  uint64_t incomplete_ = 0;  // bytes of the incomplete one, as JavaScript says
};

}  // namespace framepipe
