// Writing: in order, paced, and a peer that does not take it is told of.
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "harness.h"

namespace framepipe::test {

namespace {

// More than the kernel keeps, so that some of it stays with us.
constexpr size_t kMuch = 4u << 20;

}  // namespace

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
  CHECK(world.until(
      [&] { return world.story(client).frames.size() == kFrames && world.story(server).frames.size() == kFrames; }));
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

}  // namespace framepipe::test
