// Reading, writing and every way in which a connection ends.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>
#include <random>
#include <thread>

#include "harness.h"

namespace framepipe::test {

namespace {

std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::minstd_rand random(seed);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// More than the kernel keeps, so that some of it stays with us.
constexpr size_t kMuch = 4u << 20;

}  // namespace

TEST(framesSurviveAnySplit) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  const std::string wire = framed("one") + framed("") + framed(std::string(300, 'x'));
  for (const char byte : wire) {
    CHECK(writeAll(client, {&byte, 1}));
    world.until([] { return true; });
    uv_run(world.uvLoop(), UV_RUN_NOWAIT);
  }
  CHECK(world.until([&] { return world.story(id).frames.size() == 3; }));
  CHECK((world.story(id).frames == std::vector<std::string>{"one", "", std::string(300, 'x')}));
  CHECK(world.connection(id)->traffic().bytes_in == wire.size());
  CHECK(world.connection(id)->traffic().frames_in == 3);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(aSlowReaderIsNotDrowned) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 64u << 10;
  int client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  const std::string frame = framed(std::string(1020, 'f'));
  constexpr int kFrames = 8000;
  std::thread writer([&, client] {
    for (int i = 0; i < kFrames; ++i) CHECK(writeAll(client, frame));
    ::shutdown(client, SHUT_WR);
  });
  CHECK(world.until([&] { return world.story(id).bytes >= options.high_water_mark; }));
  CHECK(world.turns(100) < 60);
  const size_t held = world.story(id).bytes;
  CHECK(held < options.high_water_mark + (1u << 20));
  size_t consumed = 0;
  while (!world.story(id).ended && consumed < kFrames * frame.size()) {
    const size_t arrived = world.story(id).bytes;
    CHECK(arrived - consumed < options.high_water_mark + (1u << 20));
    world.connection(id)->consumed(arrived - consumed);
    consumed = arrived;
    CHECK(world.until([&] { return world.story(id).bytes > consumed || world.story(id).ended; }));
  }
  writer.join();
  CHECK(world.story(id).frames.size() == kFrames);
  CHECK(world.until([&] { return world.story(id).ended; }));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(aPeerThatLeavesIsNoticedThroughBackpressure) {
  for (const bool reset : {false, true}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 1000;
    int client;
    const Id id = world.acceptRaw(client, options);
    world.consume = false;
    if (reset) CHECK(world.send(id, "never read"));
    const std::string frame = framed(std::string(996, 'f'));
    for (int i = 0; i < 60; ++i) CHECK(writeAll(client, frame));
    world.run(30);
    CHECK(world.story(id).frames.size() < 60 && !world.story(id).ended);
    ::close(client);
    CHECK(world.until([&] { return world.story(id).closed; }));
    CHECK(world.story(id).frames.size() == 60);
    CHECK(!world.story(id).end_failure && !world.story(id).close_failure);
  }
}

TEST(aHalfClosedPeerThroughBackpressureCostsNoTurns) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  int client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  const std::string frame = framed(std::string(996, 'f'));
  for (int i = 0; i < 60; ++i) CHECK(writeAll(client, frame));
  ::shutdown(client, SHUT_WR);
  world.run(20);
  CHECK(world.turns(100) < 60);
  CHECK(!world.story(id).ended);
  world.connection(id)->consumed(SIZE_MAX);
  world.consume = true;
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(world.story(id).frames.size() == 60);
  CHECK(world.turns(100) < 60);
  CHECK(!world.story(id).closed);
  CHECK(world.send(id, "still sending"));
  CHECK(world.read(client, 17) == framed("still sending"));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(halfClosedPeersAreAnswered) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(writeAll(client, framed("question")));
  ::shutdown(client, SHUT_WR);
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(world.turns(50) < 40);
  CHECK(!world.story(id).closed);
  CHECK(world.send(id, "answer"));
  world.connection(id)->close();
  CHECK(readAll(client) == framed("answer") && errno == 0);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(!world.story(id).close_failure);
  ::close(client);
}

TEST(anEndInMidFrameIsToldAsSuch) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(writeAll(client, framed("whole") + framed("partial").substr(0, 7)));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.story(id).frames == std::vector<std::string>{"whole"});
  CHECK(same(world.story(id).end_failure, "ERR_FRAME_TRUNCATED"));
  CHECK(!world.story(id).close_failure);
}

TEST(afterABadFrameNothingIsReadButMuchCanBeWritten) {
  World world;
  ListenOptions options = world.listenOptions();
  options.framing.max_frame_length = 100;
  int client;
  const Id id = world.acceptRaw(client, options);
  CHECK(writeAll(client, framed("good") + framed(std::string(101, 'x')) + framed("ignored")));
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(same(world.story(id).end_failure, "ERR_FRAME_TOO_LARGE"));
  CHECK(world.story(id).frames == std::vector<std::string>{"good"});
  CHECK(world.turns(50) < 40);
  CHECK(world.send(id, "go away"));
  CHECK(world.read(client, 11) == framed("go away"));
  CHECK(writeAll(client, framed("more")));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(!world.story(id).close_failure);
}

TEST(whatIsSentArrivesInOrder) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  std::string expected;
  for (unsigned i = 0; i < 2000; ++i) {
    const std::string payload = pattern(i % 7 == 0 ? 5000 : i % 100, i);
    expected += framed(payload);
    CHECK(world.send(id, payload, i % 3 == 0));
  }
  std::string received;
  std::thread reader([&] { received = readAll(client); });
  world.connection(id)->close();
  CHECK(world.until([&] { return world.story(id).closed; }));
  reader.join();
  CHECK(received == expected);
  CHECK(!world.story(id).close_failure);
  ::close(client);
}

TEST(floodsInBothDirections) {
  World world;
  world.listen();
  const Id client = world.connect(world.connectOptions());
  const Id server = world.accept();
  constexpr size_t kFrames = 600;
  size_t sent = 0, drained = 0;
  std::vector<std::string> expected;
  for (unsigned i = 0; i < kFrames; ++i) expected.push_back(pattern(1u << (i % 17), i));
  const auto pump = [&](Id id, size_t& next) {
    while (next < kFrames) {
      const auto queued = world.send(id, expected[next++], false);
      CHECK(queued);
      if (queued.value > 1u << 20) break;
    }
    world.connection(id)->flush();
  };
  size_t back = 0;
  world.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::Drained) return;
    ++drained;
    pump(event.id, event.id == client ? sent : back);
  };
  pump(client, sent);
  pump(server, back);
  CHECK(world.until([&] {
    return world.story(client).frames.size() == kFrames && world.story(server).frames.size() == kFrames;
  }));
  CHECK(drained > 2);
  CHECK(world.story(client).frames == expected);
  CHECK(world.story(server).frames == expected);
  const Traffic out = world.connection(client)->traffic(), in = world.connection(server)->traffic();
  CHECK(out.bytes_out == in.bytes_in && out.frames_out == in.frames_in && out.frames_out == kFrames);
}

TEST(drainedComesOnceTheQueueIsHalfTheMark) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1u << 20;
  int client;
  const Id id = world.acceptRaw(client, options);
  size_t sent = 0;
  for (;;) {
    const auto queued = world.send(id, std::string(65532, 'd'));
    sent += 65536;
    if (queued.value > options.high_water_mark) break;
  }
  world.run(20);
  CHECK(world.story(id).drained == 0);
  CHECK(world.turns(50) < 40);
  world.read(client, 300u << 10);
  world.run(20);
  CHECK(world.story(id).drained == 0);
  world.read(client, 600u << 10);
  CHECK(world.until([&] { return world.story(id).drained == 1; }));
  world.read(client, sent - (900u << 10));
  world.run(20);
  CHECK(world.story(id).drained == 1);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(drainedWithinFlushIsRungFor) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  int client;
  const Id id = world.acceptRaw(client, options);
  CHECK(world.send(id, std::string(2000, 'd')).value > 1000);
  CHECK(world.story(id).drained == 0);  // not out of a call from JavaScript
  CHECK(world.until([&] { return world.story(id).drained == 1; }));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

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

TEST(whatWasReceivedSurvivesAPeerThatDoesNotReadOn) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  int client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  for (int i = 0; i < 50; ++i) CHECK(writeAll(client, framed(std::string(996, 'f'))));
  CHECK(world.until([&] { return !world.story(id).frames.empty(); }));
  CHECK(world.send(id, pattern(kMuch, 5)));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.story(id).frames.size() == 50);
  CHECK(!world.story(id).end_failure);
  CHECK(same(world.story(id).close_failure, "EPIPE"));
  CHECK(world.story(id).drained == 0);
}

TEST(aPeerThatOnlyStopsReadingEndsTheConnection) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(writeAll(client, framed("last words")));
  ::shutdown(client, SHUT_RD);
  CHECK(world.send(id, "unheard"));
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.story(id).frames == std::vector<std::string>{"last words"});
  CHECK(same(world.story(id).close_failure, "EPIPE"));
  ::close(client);
}

TEST(sendingToOneWhoHasLeftFails) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  ::close(client);
  bool refused = false;
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Closed) refused = same(world.send(id, "x").failure, "EPIPE");
  };
  CHECK(world.send(id, "before we know"));  // accepted, and then told of at the end
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(refused);
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
  CHECK(world.retained() == 1);
  CHECK(readAll(client).size() < kMuch);
  CHECK(!world.story(id).closed);
  CHECK(world.until([&] { return world.story(id).closed; }));
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

TEST(directionsAreKept) {
  World world;
  ListenOptions options = world.listenOptions();
  options.direction = Direction::In;
  world.listen(options);
  ConnectOptions out = world.connectOptions();
  out.direction = Direction::Out;
  const Id client = world.connect(out);
  const Id server = world.accept();
  CHECK(world.until([&] { return world.story(client).ended; }));  // there is nothing to read
  CHECK(!world.story(client).end_failure);
  const Failure refused = world.send(server, "x").failure;
  CHECK(same(refused, "EPIPE") && refused.hint);
  CHECK(world.send(client, "one way"));
  CHECK(world.until([&] { return world.story(server).frames.size() == 1; }));
  CHECK(world.turns(50) < 40);
  CHECK(!world.story(client).closed && !world.story(server).closed);
  world.connection(server)->close();
  CHECK(world.until([&] { return world.story(client).closed && world.story(server).closed; }));
  CHECK(!world.story(client).close_failure);
}

TEST(anInEndReadsToTheEnd) {
  World world;
  ListenOptions options = world.listenOptions();
  options.direction = Direction::In;
  int client;
  const Id id = world.acceptRaw(client, options);
  CHECK(writeAll(client, framed("1") + framed("2")));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.story(id).frames.size() == 2 && !world.story(id).close_failure);
}

TEST(outOfBandBytesDoNoHarm) {
  World world;
  ListenOptions options = world.listenOptions();
  options.framing.max_frame_length = 10;
  int client;
  const Id id = world.acceptRaw(client, options);
  CHECK(writeAll(client, framed("good") + framed(std::string(11, 'x'))));
  CHECK(world.until([&] { return world.story(id).ended; }));
  world.run(10);
  ::send(client, "!", 1, MSG_OOB);
  CHECK(world.turns(100) < 60);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
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

// Everything at once, in any order: what is checked is what record() and the harness check.
TEST(anythingAtAnyTime) {
  std::mt19937 random(20);
  const auto chance = [&](unsigned of) { return random() % of == 0; };
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 2000;
  options.max_instances = 40;
  world.listen(options);
  world.on_event = [&](const Event& event) {
    const Id id = event.kind == Event::Kind::Accepted ? event.other : event.id;
    const auto one = world.connection(id);
    if (!one) return;
    if (chance(3)) world.send(id, std::string(random() % 5000, 's'), chance(2));
    if (chance(10)) one->waitForDrain(1000 + id);
    if (chance(10)) one->cancelDrain(1000 + id);
    if (chance(12)) one->close();
    if (chance(15)) one->destroy({});
    if (chance(20)) one->keepAlive(chance(2));
  };
  std::vector<int> clients;
  std::vector<Id> own;
  for (int step = 0; step < 6000; ++step) {
    const unsigned action = random() % 7;
    if (action == 0 && clients.size() < 30) {
      const int fd = rawConnect(world.path());
      if (fd >= 0) clients.push_back(fd);
    } else if (action == 1 && own.size() < 30) {
      ConnectOptions there = world.connectOptions();
      there.high_water_mark = 2000;
      const auto id = world.loop().connect(there, 1);
      if (id) own.push_back(id.value);
    } else if (!clients.empty() && action < 6) {
      const size_t which = random() % clients.size();
      const int fd = clients[which];
      const std::string wire = framed(std::string(random() % 3000, 'c'));
      char buffer[4096];
      switch (random() % 6) {
        case 0:
        case 1:
        case 2: ::send(fd, wire.data(), chance(8) ? wire.size() / 2 : wire.size(), MSG_DONTWAIT | MSG_NOSIGNAL); break;
        case 3: ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT); break;
        case 4: ::shutdown(fd, chance(2) ? SHUT_WR : SHUT_RD); break;
        case 5:
          ::close(fd);
          clients.erase(clients.begin() + static_cast<long>(which));
          break;
      }
    } else if (!own.empty()) {
      const Id id = own[random() % own.size()];
      const auto one = world.connection(id);
      if (!one) {
        std::erase(own, id);
      } else {
        world.send(id, std::string(random() % 4000, 'o'), chance(2));
        if (chance(8)) one->close();
        if (chance(8)) one->destroy({});
      }
    }
    if (chance(2)) uv_run(world.uvLoop(), UV_RUN_NOWAIT);
  }
  for (const int fd : clients) ::close(fd);
  for (const Id id : own)
    if (const auto one = world.connection(id)) one->destroy({});
  world.on_event = nullptr;
  CHECK(world.until([&] {
    for (const Id id : world.accepted)
      if (world.loop().connection(id)) return false;
    return true;
  }));
  CHECK(world.accepted.size() > 200);
  CHECK(world.retained() == 1);
}

}  // namespace framepipe::test
