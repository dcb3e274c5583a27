// The other end: what it writes, and what of it has arrived here. One thread.
#pragma once
#include <span>
#include <vector>

#include "scenario.h"

namespace simulation {

class Peer {
 public:
  Peer(const Scenario& scenario, Random& random);

  // --- What it writes, and when it stops ---
  bool hasMore() const { return !stopped_ && (messages_ ? arrived_ < ends_.size() : written_ < stream_.size()); }
  void writes(Random& random);
  void endsSending() { stopped_ = true; }
  void leaves() { stopped_ = left_ = true; }
  bool stopped() const { return stopped_; }
  bool left() const { return left_; }

  // --- What is there to be read ---
  bool hasInput() const { return messages_ ? message_ < arrived_ : read_ < written_; }
  size_t messageSize() const { return ends_[message_] - read_; }  // what is left of it
  // Takes bytes of the stream or of the next message. Whether a message ends there.
  bool take(std::span<uint8_t> into);
  void skipMessage();  // thrown away: only a part of it was taken
  size_t available() const { return written_ - read_; }
  bool allRead() const { return !hasInput(); }

  // --- What must come out ---
  size_t frames() const { return ends_.size() - (bad_ ? 1 : 0); }
  std::span<const uint8_t> frame(size_t index) const { return payloads_[index]; }
  size_t endOf(size_t index) const { return ends_[index]; }
  size_t wholeFrames() const;  // of what was written
  bool wroteBad() const { return bad_ && (messages_ ? arrived_ == ends_.size() : written_ > badBegins()); }
  bool wroteAllBad() const { return bad_ && (messages_ ? arrived_ == ends_.size() : written_ == stream_.size()); }
  size_t written() const { return written_; }
  size_t read() const { return read_; }
  std::span<const uint8_t> stream() const { return stream_; }

 private:
  size_t badBegins() const { return frames() == 0 ? 0 : ends_[frames() - 1]; }
  void append(const Scenario& scenario, size_t size);

  const bool messages_;
  bool bad_ = false;  // the last frame is longer than allowed
  bool stopped_ = false, left_ = false;
  std::vector<uint8_t> stream_;
  std::vector<uint8_t> payload_;
  std::vector<std::span<const uint8_t>> payloads_;
  std::vector<size_t> ends_;  // of the frames, in the stream
  size_t written_ = 0, read_ = 0;   // in the stream
  size_t arrived_ = 0, message_ = 0;  // messages: how many were written; the one that is read next
};

}  // namespace simulation
