// The core between two threads, for ThreadSanitizer: JavaScript's is this one, the other one completes what is in flight.
// What happens when is up to the system; what is done is up to the seed. threads [--first SEED] [--count N]
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "codec/encoder.h"
#include "frames.h"
#include "threads_transport.h"

namespace {

using framepipe::Connection;
using framepipe::Event;
using simulation::Packet;
using simulation::Random;
using simulation::ThreadedTransport;
using simulation::Traffic;

class Schedule final : private framepipe::Host, private framepipe::EventSink {
 public:
  Schedule(simulation::Port& port, ThreadedTransport::Stage& stage, uint64_t seed)
      : port_(port), stage_(stage), random_(seed), in_(traffic()), out_(traffic(in_.framing)) {
    framepipe::ChannelOptions options{.path = {}, .framing = in_.framing};
    options.high_water_mark = random_.below(120);
    options.untaken = random_.between(1, 200);
    auto transport = std::make_unique<ThreadedTransport>(port_, stage_, in_, out_, random_.next());
    transport_ = transport.get();
    connection_ = std::make_shared<Connection>(Connection::Context{*this, *this, nullptr}, 7, std::move(transport),
                                               options, framepipe::Peer{}, Connection::Side::Server);
  }

  void run() {
    connection_->keepAlive(true);
    connection_->start();
    if (random_.chance(50)) connection_->taken();
    for (size_t steps = random_.between(5, 25); steps > 0 && !closed_; --steps) step();
    connection_->taken();
    if (!closed_) random_.chance(60) ? connection_->close() : connection_->destroy({"EUSER", "destroy"});
    for (int i = 0; i < 10000 && !closed_; ++i) deliver(/*waits=*/true);
    stage_.require(closed_, "the connection reaches its end");
    for (int i = 0; i < 10000 && stage_.told == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    deliver(/*waits=*/false);
    stage_.require(stage_.releases == 1 && stage_.told == 1, "the transport is released once, and told so");
    stage_.require(requests_ == settled_, "each request is settled once");
    stage_.require(retained_ == 0, "what keeps the process alive is given back");
    stage_.releases = stage_.told = 0;
    // Others may hold it for a moment still; the traffic must outlive them.
    const std::weak_ptr<Connection> last = connection_;
    connection_.reset();
    for (int i = 0; i < 10000 && !last.expired(); ++i) std::this_thread::yield();
    for (int i = 0; i < 10000 && !last.expired(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stage_.require(last.expired(), "nothing holds what has ended");
  }

 private:
  Traffic traffic() {
    framepipe::Framing framing;
    framing.kind = random_.chance(30) ? framepipe::FramingKind::Message : framepipe::FramingKind::LengthPrefix;
    return traffic(framing);
  }

  Traffic traffic(const framepipe::Framing& framing) {
    Traffic made{.framing = framing, .frames = {}, .wire = {}, .ends = {}};
    for (size_t i = 0, count = random_.below(20); i < count; ++i) {
      std::vector<uint8_t> frame(simulation::sizeOfFrame(random_, 80));
      for (size_t at = 0; at < frame.size(); ++at) frame[at] = simulation::byteOfFrame(i, at);
      framepipe::Envelope envelope;
      framepipe::encode(framing, frame, envelope);
      made.wire.insert(made.wire.end(), envelope.bytes.data(), envelope.bytes.data() + envelope.header);
      made.wire.insert(made.wire.end(), frame.begin(), frame.end());
      made.ends.push_back(made.wire.size());
      made.frames.push_back(std::move(frame));
    }
    return made;
  }

  void step() {
    const size_t what = random_.below(100);
    if (what < 40) {
      if (sent_ == out_.frames.size()) return;
      const std::span<const uint8_t> frame = out_.frames[sent_];
      if (random_.chance(30) ? offers(frame) : static_cast<bool>(connection_->send({&frame, 1}))) ++sent_;
      if (random_.chance(70)) connection_->flush();
    } else if (what < 70) {
      deliver(/*waits=*/random_.chance(20));
    } else if (what < 78) {
      Connection::Lease lease(*connection_);
      if (!lease) return;
      const std::shared_ptr<ThreadedTransport> transport(connection_, transport_);
      port_.post({Packet::Kind::GiveBack, transport, std::move(lease)});
    } else if (what < 86) {
      ++requests_;
      connection_->waitForDrain(next_request_++);
    } else if (what < 90) {
      ++requests_;
      connection_->endSending(next_request_++);
    } else if (what < 94) {
      connection_->traffic();
    } else if (what < 97) {
      connection_->keepAlive(random_.chance(50));
    } else {
      connection_->close();
    }
  }

  // This thread lets go of the memory while the other one may be writing it.
  bool offers(std::span<const uint8_t> frame) {
    framepipe::EncodedFrames encoded(out_.framing, nullptr, random_.below(40));
    stage_.require(!encoded.encode({&frame, 1}) && !connection_->admit(encoded), "a good frame is encoded");
    const auto outcome = connection_->offer(encoded);
    return outcome && outcome.value;
  }

  void deliver(bool waits) {
    if (waits && events_.empty()) std::this_thread::sleep_for(std::chrono::microseconds(random_.below(40)));
    std::vector<Event> events;
    events_.take(events);
    for (const Event& event : events) {
      if (event.kind == Event::Kind::Settled) {
        ++settled_;
        if (event.other && !closed_) connection_->delivered(event);
        continue;
      }
      stage_.require(!closed_, "Closed is last");
      if (event.kind == Event::Kind::Ended) stage_.require(!std::exchange(ended_, true), "Ended at most once");
      if (event.kind == Event::Kind::Frames) frames(event.frames);
      if (event.kind != Event::Kind::Closed) continue;
      connection_->delivered(event);
      closed_ = true;
    }
  }

  void frames(const framepipe::Chunk& chunk) {
    stage_.require(!ended_, "frames come before Ended");
    for (const auto& [begin, end] : chunk.frames) {
      if (frames_ == in_.frames.size()) return stage_.require(false, "no frames come that were not sent");
      const std::vector<uint8_t>& sent = in_.frames[frames_++];
      stage_.require(
          sent.size() == end - begin && (sent.empty() || !std::memcmp(sent.data(), chunk.data() + begin, sent.size())),
          "frames are those sent, in order, whole");
    }
    connection_->consumed(chunk.cost());
  }

  void report(Event&& event) noexcept override { events_.push(std::move(event)); }
  void ring() noexcept override {}
  void deliver() noexcept override {}
  void retain() noexcept override { ++retained_; }
  void release() noexcept override { --retained_; }
  uv_loop_s* uvLoop() noexcept override { return nullptr; }

  simulation::Port& port_;
  ThreadedTransport::Stage& stage_;
  Random random_;
  const Traffic in_, out_;
  framepipe::EventQueue events_;
  std::shared_ptr<Connection> connection_;
  ThreadedTransport* transport_ = nullptr;
  framepipe::Id next_request_ = 1000;
  int requests_ = 0, settled_ = 0, retained_ = 0;
  size_t sent_ = 0, frames_ = 0;
  bool ended_ = false, closed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  uint64_t first = 1, count = 1000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--first") == 0) first = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--count") == 0) count = std::strtoull(argv[i + 1], nullptr, 10);
  }
  simulation::Port port;
  ThreadedTransport::Stage stage;
  uint64_t done = 0;
  for (; done < count && stage.broken == 0; ++done) Schedule(port, stage, first + done).run();
  if (stage.broken != 0) std::printf("seed %" PRIu64 "\n", first + done - 1);
  std::printf("%" PRIu64 " schedules\n%d passed, %d failed\n", done, stage.broken == 0, stage.broken != 0);
  return stage.broken == 0 ? 0 : 1;
}
