// Limits for clients: how many are let in before they are taken, how many of a user, and for how long they may be silent.
// When a limit of time runs out, by a clock of its own: native/time_limits_test.cc.
#include <atomic>
#include <string_view>
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {

bool timedOut(const Failure& failure, std::string_view option) {
  return same(failure, "ETIMEDOUT") && failure.option && failure.option == option;
}

}  // namespace

TEST(noMoreAreLetInThanTheBacklogHasRoomFor) {
  World world;
  world.take = false;
  ListenOptions options = world.listenOptions();
  options.backlog = 3;
  options.pending_instances = 8;
  const Id listener = world.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(RawPeer::connect(options));
  CHECK(world.until([&] { return world.accepted.size() == 3; }));
  std::atomic<bool> connected{false};
  std::thread fourth([&] {
    clients.push_back(RawPeer::connect(options));  // as a system has it: at once, or when there is an instance
    connected = true;
    world.ring();
  });
  CHECK(world.rests(50));
  CHECK(world.accepted.size() == 3);
  world.takeFrom(listener, world.accepted[1]);
  CHECK(world.until([&] { return world.accepted.size() == 4 && connected; }));
  fourth.join();
  CHECK(world.rests(50));
  // Who has ended counts until somebody has taken it, or said that nobody will.
  clients[0].leave();
  CHECK(world.closes(world.accepted[0]));
  CHECK(world.accepted.size() == 4);
  world.takeFrom(listener, world.accepted[0]);
  clients.push_back(RawPeer::connect(options));
  CHECK(clients.back());
  CHECK(world.until([&] { return world.accepted.size() == 5; }));
}

TEST(noMoreConnectionsOfAUserThanItMayHave) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_per_user = 2;
  const Id listener = world.listen(options);
  std::vector<RawPeer> clients;
  const auto greet = [&] {
    RawPeer client = RawPeer::connect(options);
    CHECK(client);
    client.write(framed("hello"), 100);  // which may be refused by then
    return client;
  };
  for (int i = 0; i < 2; ++i) clients.push_back(greet());
  CHECK(world.until([&] { return world.accepted.size() == 2; }));
  for (int i = 0; i < 2; ++i) CHECK(world.receives(world.accepted[static_cast<size_t>(i)], 1));
  for (uint64_t refused = 1; refused <= 3; ++refused) {
    const RawPeer third = greet();
    CHECK(world.until([&] { return world.loop().listener(listener)->refused() == refused; }));
    CHECK(third.readToEnd().bytes.empty());
  }
  // On a system that knows a client by what it sends, they were told of, and have ended without a frame.
  for (size_t i = 2; i < world.accepted.size(); ++i) {
    CHECK(world.closes(world.accepted[i]));
    CHECK(world.story(world.accepted[i]).frames.empty());
  }
  const size_t before = world.accepted.size();
  clients[0].leave();
  CHECK(world.closes(world.accepted[0]));
  clients.push_back(greet());
  CHECK(world.until([&] { return world.accepted.size() == before + 1; }));
  CHECK(world.receives(world.accepted.back(), 1));
}

TEST(aPeerThatIsTooSlowIsGivenUp) {
  constexpr Timeouts kEach[] = {{.first_frame = 30}, {.frame = 30}, {.idle = 30}, {.write = 30}};
  constexpr const char* kOptions[] = {"firstFrameTimeout", "frameTimeout", "idleTimeout", "writeTimeout"};
  for (size_t i = 0; i < 4; ++i) {
    World world;
    ListenOptions options = world.listenOptions();
    options.timeouts = kEach[i];
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    CHECK(client.write(i == 0 ? "\1" : framed("whole") + "\1"));
    if (i == 3) CHECK(world.send(id, std::string(kMuch, 'x')));
    CHECK(world.closes(id));
    CHECK(timedOut(world.story(id).close_failure, kOptions[i]));
    CHECK(world.story(id).ended && timedOut(world.story(id).end_failure, kOptions[i]));
    CHECK(world.story(id).frames.size() == (i == 0 ? 0u : 1u));
    // What it had sent meanwhile may make the system call this a reset: it is an end.
    CHECK(client.readToEnd().bytes.size() <= kMuch + 4);
  }
}

// Our reader waits in send() for that very peer, and so does not read: that is no excuse for the peer.
TEST(aPeerThatWritesMuchAndReadsNothingIsGivenUp) {
  constexpr Timeouts kEach[] = {{.idle = 30}, {.write = 30}};
  constexpr const char* kOptions[] = {"idleTimeout", "writeTimeout"};
  for (size_t i = 0; i < 2; ++i) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 1000;
    options.timeouts = kEach[i];
    RawPeer client;
    world.consume = false;
    const Id id = world.acceptRaw(client, options);
    CHECK(client.write(framed(std::string(2000, 'a')) + framed("b")));
    CHECK(world.receives(id, 1));
    CHECK(world.send(id, std::string(kMuch, 'x')));
    CHECK(world.closes(id));
    CHECK(timedOut(world.story(id).close_failure, kOptions[i]));
  }
}

// While JavaScript is busy with what a peer has sent, that waits for an answer and cannot do anything about it.
TEST(aBusyJavaScriptBlamesNobody) {
  World world, others;
  ListenOptions options = world.listenOptions();
  options.timeouts = {.first_frame = 30, .frame = 30, .idle = 30, .write = 30};
  ListenOptions elsewhere = others.listenOptions();
  elsewhere.path = others.path("others");
  elsewhere.timeouts = options.timeouts;
  others.listen(elsewhere);
  int busy = 0;
  bool alive = false;
  world.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::Frames || ++busy > 1) return;
    // By the same clock, on a loop that is not busy, others run out of time.
    for (int i = 0; i < 3; ++i) {
      const RawPeer silent = RawPeer::connect(elsewhere);
      const Id other = others.accept();
      CHECK(others.closes(other));
    }
    alive = !world.connection(event.id)->aborts();
    CHECK(world.send(event.id, "answer"));
  };
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  CHECK(client.write(framed("work")));
  CHECK(world.receives(id, 1));
  CHECK(alive);
  CHECK(world.read(client, 10) == framed("answer"));
  CHECK(world.closes(id));
  CHECK(timedOut(world.story(id).close_failure, "idleTimeout"));
}

TEST(aSlowReaderBlamesNobody) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  options.timeouts = {.first_frame = 30, .frame = 30, .idle = 30, .write = 30};
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  CHECK(client.write(framed(std::string(2000, 'a')) + framed("b") + "\1"));
  CHECK(world.receives(id, 1));
  // By the same clock, others run out of time.
  for (int i = 0; i < 3; ++i) {
    const RawPeer silent = RawPeer::connect(options);
    const Id other = world.accept();
    CHECK(world.closes(other));
    CHECK(timedOut(world.story(other).close_failure, "firstFrameTimeout"));
  }
  CHECK(!world.story(id).closed);
  world.connection(id)->consumed(world.story(id).cost);
  CHECK(world.closes(id));
  CHECK(timedOut(world.story(id).close_failure, "frameTimeout") ||
        timedOut(world.story(id).close_failure, "idleTimeout"));
  CHECK(world.story(id).frames.size() == 2);
}

}  // namespace framepipe::test
