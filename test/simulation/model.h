// What a connection has to do, from what was asked of it and what its transport has told. One thread.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "clock.h"
#include "core/event_queue.h"
#include "core/send_queue.h"
#include "peer.h"
#include "verdict.h"

namespace simulation {

class Model {
 public:
  Model(const Scenario& scenario, const Peer& peer, bool client, Verdict& verdict)
      : taken_from_server(client), scenario_(scenario), peer_(peer), verdict_(verdict) {}

  static constexpr framepipe::Id kConnection = 7;

  // --- What JavaScript asked for ---
  bool maySend() const { return scenario_.sends() && open() && !sending_ended && !told_left && !failed; }
  bool open() const { return !close_called && !destroy_called; }
  // Nothing has ended it yet: destroy() is why it ends.
  bool mayBeDestroyed() const;
  // A read or a write fails. What fails after the end was decided does not matter.
  void readFails(const char* code);
  void writeFails(const char* code);
  static constexpr const char* kWriteFailure = "ENOSPC";  // not because the peer has left
  void accepted(std::span<const uint8_t> frame);
  // As they have to be written. False: one of them is refused.
  static bool appendEncoded(const framepipe::Framing& framing, std::span<const std::span<const uint8_t>> frames,
                            std::vector<uint8_t>& wire);
  enum class Wanted : uint8_t { Ending, Drain };
  framepipe::Id asked(Wanted wanted);
  void drainCancelled(framepipe::Id request);
  bool settled(framepipe::Id request) const { return requests_[request - kFirstRequest].settled; }
  size_t requests() const { return requests_.size(); }
  framepipe::Id request(size_t index) const { return kFirstRequest + static_cast<framepipe::Id>(index); }
  bool drainsWait() const;
  uint64_t nextDrain() const;  // the first position that was written and that somebody waits for
  bool mustDrainAtOnce(framepipe::Id request) const;
  bool drain(size_t index) const { return requests_[index].wanted == Wanted::Drain; }

  // --- What the transport is given ---
  // The stretches are what was accepted and not taken, in order.
  void offered(std::span<const std::span<const uint8_t>> stretches);
  void taken(size_t bytes, size_t messages);
  size_t taken() const { return taken_; }
  size_t queued() const { return wire_.size() - taken_; }
  // What counts against the high-water mark: each message more than its bytes.
  size_t outboundHeld() const {
    return queued() +
           (scenario_.messages() ? (messageCount() - taken_messages_) * framepipe::SendQueue::kMessageOverhead : 0);
  }
  bool allTaken() const { return taken_ == wire_.size() && taken_messages_ == messageCount(); }
  uint64_t position() const { return taken_ + (scenario_.messages() ? taken_messages_ : 0); }
  uint64_t acceptedPosition() const { return wire_.size() + messageCount(); }
  size_t nextMessage() const { return message_ends_[taken_messages_] - taken_; }

  // --- Time ---
  Clock clock;
  // What a limit of time does if it runs out now; to be taken back if it did not.
  void runsOut();
  // This side does not read: nothing may run out that depends on what comes.
  bool standsStill() const;
  // This may all the same: something waits for the peer to take it.
  bool mayBlameThePeer(std::string_view option) const;
  std::string_view ran_out;
  static constexpr const char* kRanOut = "ETIMEDOUT";

  // --- What the connection tells ---
  void told(const framepipe::Event& event);
  size_t held() const { return held_; }
  void consumed(size_t bytes) { held_ -= bytes; }
  // How many bytes the next read may have room for, at most: as many as the mark allows and one frame, or a few.
  size_t mostRoom() const;
  bool betweenFrames() const;  // nothing is kept of a frame that is not whole
  // It ends by itself: something has failed.
  bool ends() const { return read_failure != nullptr || write_failed || (told_left && open() && !sending_ended); }
  bool closedTold() const { return closed_told_; }
  bool endedTold() const { return ended_told_; }
  // JavaScript cuts them; and wants no more, if they break their framing.
  void framed(size_t frames);
  void readingStopped() { stopped_ = ended_told_ = true; }
  bool stopped() const { return stopped_; }
  size_t framesCut() const { return frames_cut_; }
  size_t framesTold() const { return frames_told_; }
  size_t framesAccepted() const { return frames_accepted_; }

  // After every step, outside all calls.
  void check();
  // Nothing is left to happen, and JavaScript consumes all, but neither side has left.
  void checkRest();
  // After Closed.
  void checkEnd();

  bool taken_from_server;  // or nobody had to
  bool close_called = false, destroy_called = false, sending_ended = false;
  bool destroyed_first = false;  // destroy() came before anything else ended the connection
  const char* destroy_code = nullptr;
  bool told_left = false;       // the transport has said that the peer has left
  bool failed = false;          // a read or a write has failed, as it said
  bool read_ended = false;      // it has answered Ended
  const char* read_failure = nullptr;   // their codes
  const char* write_failure = nullptr;
  bool write_failed = false;
  const char* drain_failure = nullptr;
  bool end_sent = false;        // endSending() of the transport was called
  uint64_t told_read = 0;       // as the transport has said
  uint64_t peer_read = 0;       // how far the peer has read
  bool released = false;

 private:
  bool decided() const { return destroy_called || (close_called && allTaken()); }
  static constexpr framepipe::Id kFirstRequest = 1000;
  struct Request {
    Wanted wanted;
    bool may_succeed;  // as things stood when it was asked for
    bool must;         // succeed, unless they change
    uint64_t upto;
    bool settled = false, cancelled = false;
  };
  bool knownRead(uint64_t upto) const;
  size_t messageCount() const { return scenario_.messages() ? message_ends_.size() : 0; }
  void frames(const framepipe::Chunk& chunk);
  void ended(const framepipe::Failure& failure);
  void closed(const framepipe::Failure& failure);
  bool ranOut(const framepipe::Failure& failure);
  void settledWith(const framepipe::Event& event);
  void endingSettled(const Request& request, const framepipe::Event& event);
  void drainSettled(const Request& request, const framepipe::Event& event);

  const Scenario& scenario_;
  const Peer& peer_;
  Verdict& verdict_;
  std::vector<uint8_t> wire_;         // all that was accepted, as it has to be written
  std::vector<size_t> message_ends_;  // in it
  size_t taken_ = 0, taken_messages_ = 0;
  size_t frames_accepted_ = 0;
  bool owes_drained_ = false;
  std::vector<Request> requests_;
  size_t held_ = 0;
  size_t frames_told_ = 0, bytes_told_ = 0, frames_cut_ = 0;
  bool stopped_ = false;
  bool ended_told_ = false, closed_told_ = false;
};

}  // namespace simulation
