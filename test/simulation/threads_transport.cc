#include "threads_transport.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace simulation {

using framepipe::ReadAnswer;
using framepipe::WriteAnswer;

void ThreadedTransport::Stage::require(bool holds, const char* rule) {
  if (!holds && broken.fetch_add(1) < 5) std::printf("broken: %s\n", rule);
}

void Port::loop() {
  for (;;) {
    std::vector<Packet> packets;
    {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return ends_ || !packets_.empty(); });
      if (packets_.empty()) return;
      std::swap(packets, packets_);
    }
    for (Packet& packet : packets) {
      const std::shared_ptr<ThreadedTransport> transport = packet.transport;
      transport->arrived(std::move(packet));
    }
  }
}

ThreadedTransport::ThreadedTransport(Port& port, Stage& stage, const Traffic& in, const Traffic& out, uint64_t seed)
    : port_(port),
      stage_(stage),
      in_(in),
      out_(out),
      random_(seed),
      port_random_(seed + 1),
      messages_(in.framing.kind == framepipe::FramingKind::Message),
      leaves_(random_.chance(40)),
      fails_(random_.chance(10)) {}

ReadAnswer ThreadedTransport::read(std::span<uint8_t> room, bool) {
  const bool more = read_ < in_.wire.size() || (messages_ && read_frames_ < in_.ends.size());
  if (more && random_.chance(40)) return answer(room);
  room_ = room;
  if (more || leaves_)
    port_.post({Packet::Kind::Read, self(), {}});
  else
    reading_ = true;
  return {.kind = ReadAnswer::Kind::InFlight};
}

ReadAnswer ThreadedTransport::answer(std::span<uint8_t> room) {
  const bool more = read_ < in_.wire.size() || (messages_ && read_frames_ < in_.ends.size());
  if (!more && leaves_) return {.kind = ReadAnswer::Kind::Ended, .peer_left = true};
  if (!more) return {.kind = ReadAnswer::Kind::Bytes};  // cancelled
  const size_t left = (messages_ ? in_.ends[read_frames_] : in_.wire.size()) - read_;
  ReadAnswer answer{.kind = ReadAnswer::Kind::Bytes, .bytes = std::min(left, room.size())};
  if (answer.bytes > 0) std::memcpy(room.data(), in_.wire.data() + read_, answer.bytes);
  read_ += answer.bytes;
  answer.message_ends = messages_ && answer.bytes == left;
  if (answer.message_ends) ++read_frames_;
  return answer;
}

void ThreadedTransport::readSoon() {
  if (!posted_.exchange(true)) port_.post({Packet::Kind::Work, self(), connection_->lease()});
}

WriteAnswer ThreadedTransport::write(std::span<const std::span<const uint8_t>> stretches) {
  if (random_.chance(50)) return take(stretches.front());
  stretch_ = stretches.front();
  port_.post({Packet::Kind::Write, self(), {}});
  return {.kind = WriteAnswer::Kind::InFlight};
}

WriteAnswer ThreadedTransport::take(std::span<const uint8_t> stretch) {
  const size_t most = out_.wire.size() - written_;
  stage_.require(stretch.size() <= most && std::equal(stretch.begin(), stretch.end(),
                                                      out_.wire.begin() + static_cast<std::ptrdiff_t>(written_)),
                 "what is written is what was accepted, in order");
  if (fails_ && written_ > 60)
    return {.kind = WriteAnswer::Kind::Failed, .peer_left = leaves_, .failure = {"EPIPE", "write"}};
  WriteAnswer answer{.bytes = messages_ ? stretch.size() : (stretch.size() + 1) / 2};
  answer.messages = messages_;
  written_ += answer.bytes;
  return answer;
}

framepipe::Failure ThreadedTransport::tellWhenRead(uint64_t upto) {
  drain_upto_ = upto;
  port_.post({Packet::Kind::Drain, self(), connection_->lease()});
  return {};
}

void ThreadedTransport::cancel() {
  if (std::exchange(reading_, false)) port_.post({Packet::Kind::Read, self(), {}});
}

void ThreadedTransport::release(bool) {
  stage_.require(!reading_, "nothing is in flight when the transport is released");
  stage_.releases.fetch_add(1);
}

void ThreadedTransport::released() {
  stage_.told.fetch_add(1);
}

void ThreadedTransport::arrived(Packet&& packet) {
  switch (packet.kind) {
    case Packet::Kind::Read:
      return connection_->readCompleted(answer(room_));
    case Packet::Kind::Write:
      return connection_->writeCompleted(take(stretch_));
    case Packet::Kind::Work:
      posted_ = false;
      return connection_->work();
    case Packet::Kind::Drain: {
      const uint64_t upto = connection_->locked([this] { return drain_upto_; });
      return port_random_.chance(80) ? connection_->peerHasRead(upto)
                                     : connection_->drainFailed({"EIO", "waitForDrain"});
    }
    default:
      packet.lease.giveBack();
  }
}

}  // namespace simulation
