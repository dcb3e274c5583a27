// Every way in which this side ends a connection.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "harness.h"

namespace framepipe::test {

namespace {

// More than the kernel keeps, so that some of it stays with us.
constexpr size_t kMuch = 4u << 20;

}  // namespace

TEST(closeLetsEverythingOut) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  const std::string much = pattern(kMuch, 1);
  CHECK(world.send(id, much, false));
  world.connection(id)->keepAlive(false);
  world.connection(id)->close();
  world.connection(id)->close();
  CHECK(world.retained() == 2);  // the listener, and the bytes that are still to go
  CHECK(same(world.send(id, "too late").failure, "EPIPE"));
  world.run(20);
  CHECK(!world.story(id).closed);
  CHECK(world.turns(50) < 40);
  std::string received;
  std::thread reader([&] { received = readAll(client); });
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.retained() == 1);
  reader.join();
  CHECK(received == framed(much));
  CHECK(!world.story(id).close_failure);
  ::close(client);
}

TEST(closeWithUnreadInputIsNoReset) {
  for (const size_t unread : {size_t{10}, size_t{100} << 10}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 1;
    int client;
    const Id id = world.acceptRaw(client, options);
    world.consume = false;
    CHECK(writeAll(client, framed("first")));
    CHECK(world.until([&] { return world.story(id).frames.size() == 1; }));
    CHECK(writeAll(client, framed(std::string(unread, 'u'))));
    CHECK(world.send(id, "bye"));
    world.connection(id)->close();
    CHECK(readAll(client) == framed("bye"));
    CHECK(errno == 0);
    ::close(client);
    CHECK(world.until([&] { return world.story(id).closed; }));
    CHECK(world.story(id).frames.size() == 1);
  }
}

TEST(closingDoesNotWaitForOneWhoWritesFirst) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  const std::string much = pattern(kMuch, 2);
  CHECK(world.send(id, much));
  world.connection(id)->close();
  std::string received;
  std::thread peer([&] {
    CHECK(writeAll(client, framed(much)));  // must not block for ever
    received = readAll(client);
  });
  CHECK(world.until([&] { return world.story(id).closed; }));
  peer.join();
  CHECK(received == framed(much));
  ::close(client);
}

TEST(closingWhileThePeerHasHalfClosed) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  const std::string much = pattern(kMuch, 3);
  CHECK(world.send(id, much));
  ::shutdown(client, SHUT_WR);
  world.connection(id)->close();
  world.run(20);
  CHECK(world.turns(50) < 40);
  std::string received;
  std::thread peer([&] { received = readAll(client); });
  CHECK(world.until([&] { return world.story(id).closed; }));
  peer.join();
  CHECK(received == framed(much) && !world.story(id).close_failure);
  ::close(client);
}

TEST(aPeerThatLeavesDuringCloseIsToldOf) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 4)));
  world.connection(id)->close();
  world.run(10);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(same(world.story(id).close_failure, "EPIPE"));
}

TEST(destroyIsAtOnce) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 6)));
  const auto kept = world.connection(id);
  kept->close();
  kept->destroy({"ERR_TEST", "destroy", 0, nullptr, {}});
  kept->destroy({});
  kept->close();
  kept->flush();
  kept->consumed(10);
  kept->keepAlive(true);
  CHECK(readAll(client).size() < kMuch);
  CHECK(!world.story(id).closed);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.retained() == 1);
  CHECK(same(world.story(id).close_failure, "ERR_TEST"));
  CHECK(!kept->identity(false));
  ::close(client);
}

TEST(endsOutOfEveryEvent) {
  using Kind = Event::Kind;
  for (const Kind kind : {Kind::Accepted, Kind::Frames, Kind::Ended, Kind::Drained})
    for (const bool gracefully : {true, false}) {
      World world;
      ListenOptions options = world.listenOptions();
      options.high_water_mark = 100;
      bool done = false;
      world.on_event = [&](const Event& event) {
        if (event.kind == Kind::Accepted) CHECK(world.send(event.other, std::string(200, 'd')).value > 0);
        if (event.kind != kind || done) return;
        done = true;
        const auto one = world.connection(kind == Kind::Accepted ? event.other : event.id);
        gracefully ? one->close() : one->destroy({});
      };
      world.listen(options);
      const int client = rawConnect(world.path());
      CHECK(writeAll(client, framed("one") + framed("two")));
      ::shutdown(client, SHUT_WR);
      const Id id = world.accept();
      CHECK(world.until([&] { return world.story(id).closed; }));
      CHECK(done);
      ::close(client);
    }
}

TEST(everyEventStopsTheLoop) {
  using Kind = Event::Kind;
  for (const Kind kind : {Kind::Accepted, Kind::Frames, Kind::Ended, Kind::Closed}) {
    World world;
    int left = 1;
    bool done = false;
    world.on_event = [&](const Event& event) {
      if (event.kind != kind || --left != 0) return;
      world.loop().stop([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    };
    world.listen();
    const int client = rawConnect(world.path());
    CHECK(writeAll(client, framed("one")));
    ::close(client);
    CHECK(world.until([&] { return done; }));
  }
}

TEST(keepAliveCounts) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.retained() == 2);
  world.connection(id)->keepAlive(false);
  world.connection(id)->keepAlive(false);
  CHECK(world.retained() == 1);
  world.connection(id)->keepAlive(true);
  CHECK(world.retained() == 2);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.retained() == 1);
}

TEST(identityIsTakenWhileTheConnectionEnds) {
  World world;
  world.listen();
  for (int i = 0; i < 50; ++i) {
    const int client = rawConnect(world.path());
    const Id id = world.accept();
    const auto connection = world.connection(id);
    std::thread other([&] {
      for (int j = 0; j < 20; ++j) connection->identity(false);
    });
    ::close(client);
    CHECK(world.until([&] { return world.story(id).closed; }));
    other.join();
  }
}

}  // namespace framepipe::test
