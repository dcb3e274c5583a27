// What JavaScript does with a connection when it sends to many at once.
#include <array>
#include <cstring>

#include "world.h"

namespace simulation {

// What a broadcast does. False: nothing is queued, and nobody need flush.
bool World::offer(std::span<const std::span<const uint8_t>> frames, bool good) {
  framepipe::EncodedFrames encoded(scenario_.options.framing, nullptr, broadcasts_.below(70));
  const framepipe::Failure refused = encoded.encode(frames);
  const framepipe::Failure never = refused ? refused : connection_->admit(encoded);
  verdict_.trace("  offer %zu frames, %s", frames.size(), never ? never.code : "good");
  verdict_.require(never ? !good : good || !model_.maySend(), "a frame that is refused is refused before it is queued");
  if (never) return false;
  transport_->newTurn();
  const bool queued = scenario_.completion ? offerWhatIsKnownToBeTaken(encoded, frames) : offerAndSee(encoded, frames);
  offerBeside(encoded, frames);
  return queued;
}

// What other threads do before offer() returns, the model has to know before: so all that the system takes goes out first,
// and then it is known whether the connection is behind.
bool World::offerWhatIsKnownToBeTaken(const framepipe::EncodedFrames& encoded,
                                      std::span<const std::span<const uint8_t>> frames) {
  const size_t mark = scenario_.options.high_water_mark;
  for (uint64_t at = UINT64_MAX; model_.maySend() && model_.outboundHeld() > mark && at != model_.position();) {
    at = model_.position();
    flush();
  }
  const bool may = model_.maySend(), behind = model_.outboundHeld() > mark;
  if (may && !behind)
    for (const auto& frame : frames) model_.accepted(frame);
  const size_t queued = model_.outboundHeld();
  return offered(connection_->offer(encoded), may, behind, queued);
}

bool World::offerAndSee(const framepipe::EncodedFrames& encoded, std::span<const std::span<const uint8_t>> frames) {
  const auto outcome = connection_->offer(encoded);
  const bool may = model_.maySend(), behind = model_.outboundHeld() > scenario_.options.high_water_mark;
  if (may && !behind)
    for (const auto& frame : frames) model_.accepted(frame);
  if (offered(outcome, may, behind, model_.outboundHeld())) return true;
  if (!may || transport_->turnIsOver()) return false;
  const uint64_t at = model_.position();
  flush();
  verdict_.require(model_.position() == at, "who is behind was given the chance to write");
  return false;
}

bool World::offered(const framepipe::Outcome<std::optional<size_t>>& outcome, bool may, bool behind, size_t queued) {
  verdict_.require(static_cast<bool>(outcome) == may, "offer() fails when nothing can be sent, and only then");
  if (outcome && verdict_.require(outcome.value.has_value() != behind, "offer() queues up to the mark, and not beyond"))
    verdict_.require(behind || *outcome.value == queued, "offer() returns what is queued");
  return may && !behind;
}

// Another queue, which shares the memory and keeps it longer: what it has stays as it is.
void World::offerBeside(const framepipe::EncodedFrames& encoded, std::span<const std::span<const uint8_t>> frames) {
  for (const bool shared : {true, false}) {
    if (shared)
      encoded.appendTo(beside_, /*at_once=*/1);
    else
      verdict_.require(!beside_.append(frames), "what can be encoded once can be encoded again");
    Model::appendEncoded(scenario_.options.framing, frames, wire_beside_);
  }
  std::array<std::span<const uint8_t>, 64> stretches;
  size_t at = 0;
  for (const auto& stretch : std::span(stretches).first(beside_.gather(stretches))) {
    verdict_.require(stretch.empty() || std::memcmp(stretch.data(), wire_beside_.data() + at, stretch.size()) == 0,
                     "nobody writes into what is shared");
    at += stretch.size();
  }
  verdict_.require(beside_.queued() == wire_beside_.size(), "what is shared counts for each");
}

void World::forgetBeside() {
  beside_.clear();
  wire_beside_.clear();
}

}  // namespace simulation
