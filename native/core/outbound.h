// The sending half of a connection: frames that wait for the system to take them, and who waits for that. Under the
// connection's lock.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "core/encoded_frames.h"
#include "core/handle_table.h"
#include "core/outcome.h"
#include "core/send_queue.h"
#include "core/transport.h"

namespace framepipe {

class Outbound {
 public:
  Outbound(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t high_water_mark);

  // All of the frames or, when one is refused, none. What is now queued counts for so much (SendQueue::held()).
  Outcome<size_t> append(Transport& transport, std::span<const std::span<const uint8_t>> frames);

  // The same in two steps, for frames that go to many.
  Failure admit(Transport& transport, const EncodedFrames& frames) const;
  size_t append(Transport& transport, const EncodedFrames& frames);
  bool aboveMark() const { return queue_.held() > high_water_mark_; }

  enum class Step : uint8_t {
    Rest,      // all is written, or the system takes no more for now
    TurnOver,  // there is more to write: others have their turn
    Failed,    // as failure() says; what was queued is dropped
  };
  // As far as the system takes it, within a turn.
  Step write(Transport& transport);
  // The answer to a write in flight.
  Step completed(const WriteAnswer& answer);
  // The system takes more again.
  void unblock() { blocked_ = false; }

  bool empty() const { return queue_.empty(); }
  size_t queued() const { return queue_.queued(); }
  bool inFlight() const { return in_flight_; }
  bool blocked() const { return blocked_; }
  const Failure& failure() const { return failure_; }
  bool peerLeft() const { return peer_left_; }
  void clear() { queue_.clear(); }

  // The queue has fallen to half the mark, having been above the mark. True once.
  bool takeDrained();

  // No more frames are accepted; `request` waits until all is written.
  void end(Id request);
  bool ended() const { return ended_; }
  Id takeEnding() { return std::exchange(ending_, 0); }

  // Who waits until the peer has read all that has been sent by now.
  struct Drain {
    Id request;
    uint64_t upto;  // position()
  };
  void waitForDrain(Id request) { drains_.push_back({request, accepted_}); }
  bool cancelDrain(Id request);  // false: nobody waits any more
  // The first position that has been written and that somebody waits for the peer to reach.
  std::optional<uint64_t> dueDrain() const;
  // Nothing was sent that the peer is not known to have read.
  bool allRead() const { return read_ == accepted_; }
  bool hasDrains() const { return !drains_.empty(); }
  std::vector<Drain> takeDrains(uint64_t upto);
  std::vector<Drain> takeAllDrains() { return std::exchange(drains_, {}); }

  // How far the system has taken what was sent: in bytes, and a message counts one more, for it may be empty.
  uint64_t position() const { return position_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t frames() const { return frames_; }

 private:
  size_t accepted(size_t frames, size_t bytes);

  SendQueue queue_;
  const bool messages_;
  const size_t high_water_mark_;
  BlockRef in_flight_block_;  // with bytes that the system reads
  Failure failure_;
  bool in_flight_ = false;
  bool blocked_ = false;
  bool peer_left_ = false;
  bool above_mark_ = false;
  bool ended_ = false;
  Id ending_ = 0;
  std::vector<Drain> drains_;
  uint64_t accepted_ = 0;  // the position when all is written
  uint64_t position_ = 0;
  uint64_t read_ = 0;  // by the peer, as far as is known
  uint64_t bytes_ = 0;
  uint64_t frames_ = 0;
};

}  // namespace framepipe
