// Reading: nothing is lost, nothing is kept without limit, and every end is told.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "harness.h"

namespace framepipe::test {

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
  CHECK(world.until([&] { return world.story(id).cost >= options.high_water_mark; }));
  CHECK(world.turns(100) < 60);
  const size_t held = world.story(id).cost;
  CHECK(held < options.high_water_mark + (1u << 20));
  size_t consumed = 0;
  while (!world.story(id).ended) {
    const size_t arrived = world.story(id).cost;
    CHECK(arrived - consumed < options.high_water_mark + (1u << 20));
    world.connection(id)->consumed(arrived - consumed);
    consumed = arrived;
    CHECK(world.until([&] { return world.story(id).cost > consumed || world.story(id).ended; }));
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

}  // namespace framepipe::test
