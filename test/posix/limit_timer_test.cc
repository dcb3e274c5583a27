// Limits of time on a loop that has been busy, and when many run out at once.
#include <time.h>

#include "loops/world.h"
#include "posix/limit_timer.h"

namespace framepipe::test {

// JavaScript was busy when it came, and libuv's timers come before what it finds by polling.
TEST(whatCameWhileJavaScriptWasBusyCameInTime) {
  constexpr timespec kBusy{.tv_sec = 0, .tv_nsec = 120'000'000};  // longer than what a look counts for, at the most
  constexpr size_t kClients = 8;
  World world;
  ListenOptions options = world.listenOptions();
  options.timeouts = {.first_frame = 400};  // four such looks
  world.listen(options);
  std::vector<RawPeer> clients;
  for (size_t i = 0; i < kClients; ++i) clients.push_back(RawPeer::connect(options));
  CHECK(world.until([&] { return world.accepted.size() == kClients; }));
  std::vector<Id> in_time;
  for (size_t i = 0; i < kClients; ++i) {
    const Id id = world.accepted[i];
    if (!world.story(id).closed && clients[i].write(framed("x"))) in_time.push_back(id);
    ::nanosleep(&kBusy, nullptr);
    world.turn();
  }
  CHECK(in_time.size() < kClients);
  for (const Id id : in_time) CHECK(world.receives(id, 1) && !world.story(id).closed);
}

TEST(manyWhoseTimeRunsOutAtOnceTakeTurns) {
  constexpr size_t kMany = 3 * posix::LimitTimer::kEnds;
  World world;
  ListenOptions options = world.listenOptions();
  options.timeouts = {.first_frame = 2000};
  world.listen(options);
  std::vector<RawPeer> clients;
  for (size_t i = 0; i < kMany; ++i) clients.push_back(RawPeer::connect(options));
  CHECK(world.until([&] { return world.accepted.size() == kMany; }));
  std::map<int, size_t> ends;  // of each delivery
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Closed) ++ends[world.deliveries];
  };
  CHECK(world.until([&] { return world.story(world.accepted.back()).closed; }));
  for (const Id id : world.accepted) CHECK(world.closes(id));
  for (const auto& [delivery, count] : ends) CHECK(count <= posix::LimitTimer::kEnds);
}

}  // namespace framepipe::test
