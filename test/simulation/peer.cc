#include "peer.h"

#include <algorithm>
#include <cstring>

#include "codec/encoder.h"
#include "frames.h"

namespace simulation {

using framepipe::FramingKind;

Peer::Peer(const Scenario& scenario, Random& random) : messages_(scenario.messages()) {
  if (!scenario.receives()) return;
  const size_t longest = scenario.options.framing.max_frame_length;
  const size_t count = random.below(10);
  payload_.reserve((count + 1) * (longest + 2));
  for (size_t i = 0; i < count; ++i) append(scenario, sizeOfFrame(random, scenario.options.framing));
  const bool may_be_too_long = !scenario.uncut() && scenario.options.framing.kind != FramingKind::Fixed;
  if (!may_be_too_long || !random.chance(12)) return;
  bad_ = true;
  append(scenario, longest + 1);
}

void Peer::append(const Scenario& scenario, size_t size) {
  const size_t begin = payload_.size();
  for (size_t i = 0; i < size; ++i) payload_.push_back(byteOfFrame(ends_.size(), i));
  const std::span<const uint8_t> payload(payload_.data() + begin, size);
  framepipe::Framing framing = scenario.options.framing;
  framing.max_frame_length += 1;
  framepipe::Envelope envelope;
  framepipe::encode(framing, payload, envelope);
  stream_.insert(stream_.end(), envelope.bytes.data(), envelope.bytes.data() + envelope.header);
  stream_.insert(stream_.end(), payload.begin(), payload.end());
  stream_.insert(stream_.end(), envelope.trailer.begin(), envelope.trailer.end());
  ends_.push_back(stream_.size());
  payloads_.push_back(payload);
}

void Peer::writes(Random& random) {
  if (!messages_) {
    written_ += random.between(1, std::min<size_t>(stream_.size() - written_, random.chance(70) ? 40 : 20000));
    return;
  }
  if (arrived_ < ends_.size()) written_ = ends_[arrived_++];
}

bool Peer::take(std::span<uint8_t> into) {
  if (!into.empty()) std::memcpy(into.data(), stream_.data() + read_, into.size());
  read_ += into.size();
  if (!messages_ || read_ < ends_[message_]) return false;
  ++message_;
  return true;
}

void Peer::skipMessage() {
  read_ = ends_[message_++];
}

size_t Peer::wholeFrames() const {
  if (messages_) return std::min(arrived_, frames());
  const auto end = ends_.begin() + static_cast<std::ptrdiff_t>(frames());
  return static_cast<size_t>(std::upper_bound(ends_.begin(), end, written_) - ends_.begin());
}

}  // namespace simulation
