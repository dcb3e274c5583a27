#include "core/outbound.h"

#include <algorithm>
#include <array>
#include <utility>

namespace framepipe {

namespace {
constexpr size_t kStretches = 32;  // handed over at once
constexpr int kWrites = 32;        // then others have their turn
}  // namespace

Outbound::Outbound(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t high_water_mark)
    : queue_(framing, std::move(pool)),
      messages_(framing.kind == FramingKind::Message),
      high_water_mark_(high_water_mark) {}

Outcome<size_t> Outbound::append(Transport& transport, std::span<const std::span<const uint8_t>> frames) {
  if (messages_) {
    for (const auto& frame : frames)
      if (const Failure failure = transport.admit(frame.size())) return failure;
  }
  const size_t before = queue_.queued();
  if (const Failure failure = queue_.append(frames)) return failure;
  return accepted(frames.size(), queue_.queued() - before);
}

Failure Outbound::admit(Transport& transport, const EncodedFrames& frames) const {
  return messages_ ? transport.admit(frames.longest()) : Failure{};
}

size_t Outbound::append(Transport& transport, const EncodedFrames& frames) {
  frames.appendTo(queue_, std::min(kStretches, transport.stretchesAtOnce()));
  return accepted(frames.count(), frames.bytes());
}

size_t Outbound::accepted(size_t frames, size_t bytes) {
  frames_ += frames;
  accepted_ += bytes + (messages_ ? frames : 0);
  if (aboveMark()) above_mark_ = true;
  return queue_.held();
}

Outbound::Step Outbound::write(Transport& transport) {
  std::array<std::span<const uint8_t>, kStretches> stretches;
  for (int i = 0; !queue_.empty() && !in_flight_ && !blocked_; ++i) {
    if (i == kWrites) return Step::TurnOver;
    const size_t count = queue_.gather(stretches);
    const WriteAnswer answer = transport.write({stretches.data(), count});
    if (answer.kind == WriteAnswer::Kind::InFlight) {  // whoever completes it waits for the lock
      in_flight_ = true;
      in_flight_block_ = queue_.front();
      return Step::Rest;
    }
    if (completed(answer) == Step::Failed) return Step::Failed;
  }
  return Step::Rest;
}

Outbound::Step Outbound::completed(const WriteAnswer& answer) {
  in_flight_ = false;
  in_flight_block_.reset();
  switch (answer.kind) {
    case WriteAnswer::Kind::Full:
      blocked_ = true;
      return Step::Rest;
    case WriteAnswer::Kind::Failed:
      failure_ = answer.failure;
      peer_left_ = answer.peer_left;
      queue_.clear();
      return Step::Failed;
    default:
      if (queue_.empty()) return Step::Rest;  // dropped meanwhile
      bytes_ += answer.bytes;
      position_ += answer.bytes + answer.messages;
      if (messages_)
        for (size_t i = 0; i < answer.messages; ++i) queue_.sentMessage();
      else
        queue_.sent(answer.bytes);
      return Step::Rest;
  }
}

bool Outbound::takeDrained() {
  if (!above_mark_ || queue_.held() > high_water_mark_ / 2) return false;
  above_mark_ = false;
  return true;
}

void Outbound::end(Id request) {
  ended_ = true;
  ending_ = request;
}

bool Outbound::cancelDrain(Id request) {
  std::erase_if(drains_, [&](const Drain& drain) { return drain.request == request; });
  return !drains_.empty();
}

std::optional<uint64_t> Outbound::dueDrain() const {
  std::optional<uint64_t> due;
  for (const Drain& drain : drains_)
    if (drain.upto <= position_ && (!due || drain.upto < *due)) due = drain.upto;
  return due;
}

std::vector<Outbound::Drain> Outbound::takeDrains(uint64_t upto) {
  read_ = std::max(read_, upto);
  std::vector<Drain> taken;
  std::erase_if(drains_, [&](const Drain& drain) {
    if (drain.upto > upto) return false;
    taken.push_back(drain);
    return true;
  });
  return taken;
}

}  // namespace framepipe
