// Connection's writing, and waiting until the peer has read. JavaScript's thread issues the first write of a flush;
// whoever learns that the system takes more goes on.
#include <utility>

#include "core/connection.h"

namespace framepipe {

Failure Connection::whyNotSend() const {
  if (!sends()) return {"EPIPE", "write", 0, "this end only receives: its direction is 'in'"};
  if (peer_left_ || phase_ != Phase::Open) return ended("write");
  if (out_.ended()) return {"EPIPE", "write", 0, "sending was ended"};
  return {};
}

Outcome<size_t> Connection::send(std::span<const std::span<const uint8_t>> frames) {
  const Lock lock(mutex_);
  if (const Failure failure = whyNotSend()) return failure;
  return out_.append(*transport_, frames);
}

Failure Connection::admit(const EncodedFrames& frames) {
  const Lock lock(mutex_);
  return whyNotSend() ? Failure{} : out_.admit(*transport_, frames);
}

Outcome<std::optional<size_t>> Connection::offer(const EncodedFrames& frames) {
  Lock lock(mutex_);
  if (const Failure failure = whyNotSend()) return failure;
  if (out_.aboveMark()) {
    write();
    if (const Failure failure = whyNotSend()) {
      conclude(lock);
      return failure;
    }
    if (out_.aboveMark()) return std::optional<size_t>();
  }
  return std::optional(out_.append(*transport_, frames));
}

void Connection::flush() {
  flush_due_ = false;
  Lock lock(mutex_);
  write();
  conclude(lock);
}

void Connection::writeCompleted(const WriteAnswer& answer) {
  Lock lock(mutex_);
  const Outbound::Step step = out_.completed(answer);
  wrote(step);
  if (step == Outbound::Step::Rest) write();
  conclude(lock);
}

void Connection::write() {
  if (phase_ <= Phase::Closing && !out_.empty() && !out_.inFlight() && !out_.blocked()) wrote(out_.write(*transport_));
}

void Connection::wrote(Outbound::Step step) {
  if (std::exchange(written_, out_.position()) != out_.position()) active_ = transport_->now();
  if (phase_ > Phase::Closing) return;
  if (step == Outbound::Step::Failed) return writingFailed();
  if (step == Outbound::Step::TurnOver) transport_->writeSoon();
  if (out_.takeDrained() && phase_ == Phase::Open) report(Event::Kind::Drained);
  askForDrain();
  if (out_.ended() && out_.empty()) settleEnding({});
}

// A pipe is not half broken: what the peer had written before it left is read to its end, and then this is over. Who
// waits for Drained gets Closed.
void Connection::writingFailed() {
  failure_ = out_.peerLeft() ? unsent(out_.failure().os, EndedBy::Peer) : out_.failure();
  if (out_.peerLeft()) peer_left_ = true;
  if (!out_.peerLeft() || phase_ == Phase::Closing || in_.ended()) return abortWith(failure_, /*in_order=*/false);
  settleEnding(failure_);
  in_.readRest();
  transport_->readSoon();
}

void Connection::endSending(Id request) {
  {
    Lock lock(mutex_);
    const Failure failure = whyNotSend();
    if (failure && (sends() || phase_ != Phase::Open)) return settle(request, failure);
    out_.end(request);
    write();
    if (out_.empty()) settleEnding({});
    finishing_ = finishing_ || !out_.empty();
    conclude(lock);
  }
  retain();
}

void Connection::settleEnding(const Failure& failure) {
  const Id request = out_.takeEnding();
  if (!request) return;
  const bool peer_sees = !failure && transport_->endSending();
  context_.events.report(
      {.kind = Event::Kind::Settled, .id = request, .other = id_, .failure = failure, .result = int64_t{peer_sees}});
}

// --- Draining ----------------------------------------------------------------------------------

void Connection::waitForDrain(Id request) {
  Lock lock(mutex_);
  if (phase_ != Phase::Open || out_.failure()) return settle(request, ended("waitForDrain"));
  if (out_.allRead()) return settle(request, {});
  out_.waitForDrain(request);
  write();
  askForDrain();
  conclude(lock);
}

void Connection::cancelDrain(Id request) {
  const Lock lock(mutex_);
  if (out_.cancelDrain(request) || !asked_for_drain_) return;
  asked_for_drain_ = !transport_->forgetDrain();
}

void Connection::askForDrain() {
  if (asked_for_drain_ || phase_ != Phase::Open || !out_.dueDrain()) return;
  if (const auto upto = transport_->readByPeer()) settleDrains(*upto);
  const std::optional<uint64_t> due = out_.dueDrain();
  if (!due) return;
  const Failure failure = transport_->tellWhenRead(*due);
  asked_for_drain_ = !failure;
  if (failure) failDrains(failure);
}

void Connection::peerHasRead(uint64_t upto) {
  const Lock lock(mutex_);
  asked_for_drain_ = false;
  if (phase_ > Phase::Closing) return;
  settleDrains(upto);
  askForDrain();
}

void Connection::drainFailed(const Failure& failure, bool peer_left) {
  const Lock lock(mutex_);
  asked_for_drain_ = false;
  if (phase_ > Phase::Closing) return;
  failDrains(peer_left ? unread(failure.os, EndedBy::Peer) : failure);
}

void Connection::settleDrains(uint64_t upto) {
  for (const Outbound::Drain& drain : out_.takeDrains(upto)) settle(drain.request, {});
}

// It may have read enough before.
void Connection::failDrains(const Failure& failure) {
  if (out_.hasDrains())
    if (const auto upto = transport_->readByPeer()) settleDrains(*upto);
  for (const Outbound::Drain& drain : out_.takeAllDrains()) settle(drain.request, failure);
  if (asked_for_drain_) asked_for_drain_ = !transport_->forgetDrain();
}

}  // namespace framepipe
