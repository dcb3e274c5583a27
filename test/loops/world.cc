#include "loops/world.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace framepipe::test {

using Clock = std::chrono::steady_clock;

World::World() : turns_([this] { deliver(); }), loop_(makeLoop(*this)) {}

World::~World() {
  if (loop_) turn();  // so that what is told once too often is noticed
  stop();
  CHECK(retained_ == 0 || !kStopReleases);
}

void World::stop() {
  if (!loop_) return;
  bool done = false;
  loop_->stop([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
  CHECK(until([&] { return done; }));
  loop_.reset();
}

bool World::until(const std::function<bool()>& met, int seconds) {
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  while (!met()) {
    if (Clock::now() > end) return false;
    turns_.wait();
  }
  return true;
}

void World::run(int milliseconds) {
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (Clock::now() < end) turns_.wait();
}

bool World::rests(int milliseconds) {
  return turns_.restIn([&] { run(milliseconds); }, milliseconds);
}

ListenOptions World::listenOptions(FramingKind kind) const {
  ListenOptions options;
  options.path = path();
  options.framing.kind = kind;
  return options;
}

ConnectOptions World::connectOptions(FramingKind kind) const {
  ConnectOptions options;
  options.path = path();
  options.framing.kind = kind;
  return options;
}

Id World::listen(const ListenOptions& options) {
  const auto listener = loop_->listen(options);
  CHECK(listener);
  return listener.value;
}

Id World::connect(const ConnectOptions& options) {
  const auto id = loop_->connect(options, 77);
  CHECK(id);
  return id.value;
}

Id World::accept() {
  CHECK(until([&] { return accepted.size() > taken_; }));
  return accepted.size() > taken_ ? accepted[taken_++] : 0;
}

Id World::acceptRaw(RawPeer& client, const ListenOptions& options) {
  listen(options);
  client = RawPeer::connect(options);
  CHECK(client);
  return accept();
}

World::Pair World::pair(const ListenOptions& options) {
  listen(options);
  ConnectOptions there;
  static_cast<ChannelOptions&>(there) = options;
  if (options.direction == Direction::In) there.direction = Direction::Out;
  if (options.direction == Direction::Out) there.direction = Direction::In;
  const Id client = connect(there);
  return {client, accept()};
}

Outcome<size_t> World::send(Id id, std::string_view frame, bool flush) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  const auto target = loop_->connection(id);
  if (!target) return Failure{"GONE", "write", 0, nullptr, {}};
  const auto queued = target->send({&bytes, 1});
  if (flush && queued) target->flush();
  return queued;
}

std::string World::read(const RawPeer& peer, size_t count) {
  std::string bytes;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    bytes = peer.read(count);
    done = true;
    ring();
  });
  CHECK(until([&] { return done.load(); }, 2 * kPatience / 1000));
  reader.join();
  return bytes;
}

void World::deliver() noexcept {
  CHECK(!delivering_);  // never out of a call from JavaScript
  if (!loop_ || delivering_) return;
  delivering_ = true;
  std::vector<Event> events;
  loop_->events().take(events);
  if (!events.empty()) ++deliveries;
  for (Event& event : events) {
    loop_->admit(event);
    record(event);
    if (on_event) on_event(event);
    if (event.kind == Event::Kind::Frames && consume)
      if (const auto one = loop_->connection(event.id)) one->consumed(event.frames.cost());
  }
  for (const Event& event : events) loop_->forget(event);
  delivering_ = false;
}

void World::record(const Event& event) {
  switch (event.kind) {
    case Event::Kind::Accepted:
      CHECK(std::find(unlistened.begin(), unlistened.end(), event.id) == unlistened.end());
      stories[event.other] = {};
      accepted.push_back(event.other);
      if (take) takeFrom(event.id, event.other);
      break;
    case Event::Kind::Unlistened:
      unlistened.push_back(event.id);
      break;
    case Event::Kind::Settled:
      CHECK(settled.count(event.id) == 0);
      settled[event.id].failure = event.failure;
      if (const auto* value = std::get_if<int64_t>(&event.result)) settled[event.id].value = *value;
      break;
    default:
      recordOfConnection(event);
  }
}

void World::takeFrom(Id listener, Id connection) {
  if (const auto one = loop_->listener(listener)) one->taken();
  if (const auto one = loop_->connection(connection)) one->taken();
}

// The order that Connection promises: Accepted before all, Ended once, Closed once and last.
void World::recordOfConnection(const Event& event) {
  CHECK(loop_->connection(event.id));
  Story& told = stories[event.id];
  CHECK(!told.closed);
  switch (event.kind) {
    case Event::Kind::Frames:
      CHECK(!told.ended);
      CHECK(!event.frames.frames.empty());
      for (const Boundary& frame : event.frames.frames)
        told.frames.emplace_back(reinterpret_cast<const char*>(event.frames.data()) + frame.begin,
                                 frame.end - frame.begin);
      told.cost += event.frames.cost();
      break;
    case Event::Kind::Ended:
      CHECK(!told.ended);
      told.ended = true;
      told.end_failure = event.failure;
      break;
    case Event::Kind::Drained:
      ++told.drained;
      break;
    case Event::Kind::Closed:
      told.closed = true;
      told.close_failure = event.failure;
      break;
    default:  // Unsent: the boundary's own
      break;
  }
}

}  // namespace framepipe::test
