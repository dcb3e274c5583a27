// Reading: nothing is lost, nothing is kept without limit, and every end is told.
#include <algorithm>
#include <chrono>
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

TEST(framesSurviveAnySplit) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  const std::string wire = framed("one") + framed("") + framed(std::string(300, 'x'));
  for (const char byte : wire) {
    CHECK(client.write({&byte, 1}));
    world.turn();
  }
  CHECK(world.receives(id, 3));
  CHECK((world.story(id).frames == std::vector<std::string>{"one", "", std::string(300, 'x')}));
  CHECK(world.connection(id)->traffic().bytes_in == wire.size());
  CHECK(world.connection(id)->traffic().frames_in == 3);
}

TEST(aFrameInEveryTwoPieces) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  const std::string bytes = framed("eleven byte");
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    CHECK(client.write(bytes.substr(0, cut)));
    if (cut % 3 == 0) world.run(5);
    CHECK(client.write(bytes.substr(cut)));
    CHECK(world.receives(id, cut));
    CHECK(world.story(id).frames.back() == "eleven byte");
  }
}

TEST(aSlowReaderIsNotDrowned) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 64u << 10;
  constexpr size_t kSlack = 300u << 10;  // what one read may bring beyond the mark
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  constexpr size_t kFrames = 8000;
  std::thread writer([&] {
    for (size_t i = 0; i < kFrames; ++i) CHECK(client.write(framed(std::string(1020, static_cast<char>(i)))));
    client.leave();
  });
  const Story& story = world.story(id);
  CHECK(world.until([&] { return story.cost >= options.high_water_mark; }));
  CHECK(world.rests(100));
  size_t consumed = 0;
  while (!story.ended) {
    const size_t held = story.cost - consumed;
    if (story.frames.size() < kFrames - 200) CHECK(held < options.high_water_mark + kSlack);
    const size_t before = story.cost;
    const size_t some = std::min<size_t>(held, 50'000);
    if (const auto one = world.connection(id)) one->consumed(some);
    consumed += some;
    if (!CHECK(world.until([&] { return story.cost > before || story.cost > consumed || story.ended; }))) break;
  }
  writer.join();
  CHECK(story.frames.size() == kFrames);
  for (size_t i = 0; i < story.frames.size(); ++i)
    if (!CHECK(story.frames[i] == std::string(1020, static_cast<char>(i)))) break;
  CHECK(world.closes(id));
  CHECK(!story.end_failure && !story.close_failure);
}

TEST(aConnectionThatNobodyHasTakenIsReadNoFurtherThanItsLimit) {
  for (const bool leaves : {false, true}) {
    World world;
    world.take = false;
    ListenOptions options = world.listenOptions();
    options.untaken = 5000;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    for (int i = 0; i < 20; ++i) CHECK(client.write(framed(std::string(996, 'f'))));
    CHECK(world.receives(id, 5));
    CHECK(world.rests(50));
    if (leaves) client.leave();
    CHECK(world.rests(250));  // the peer is gone, and that is known
    CHECK(world.connection(id)->traffic().bytes_in == 5000 && !world.story(id).ended);
    world.connection(id)->taken();
    CHECK(world.receives(id, 20));
    client.leave();
    CHECK(world.closes(id));
    CHECK(!world.story(id).end_failure && !world.story(id).close_failure);
  }
}

TEST(whatIsHeldIsNoMoreThanTheMarkAndOneFrame) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{60}, size_t{9000}}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 20'000;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    world.consume = false;
    std::string frames;
    while (frames.size() < 40'000) frames += framed(std::string(size, 'x'));
    CHECK(client.write(frames));
    CHECK(world.until([&] { return world.story(id).cost >= options.high_water_mark; }));
    CHECK(world.rests(50));
    // What each read counts for, and the last one, which may be too short to be worth less.
    const size_t one = size + 4 + Chunk::kOverhead + Chunk::kFrameOverhead, last = 256 * 5;
    CHECK(world.story(id).cost < options.high_water_mark + one + last);
    world.connection(id)->destroy({});
    CHECK(world.closes(id));
  }
}

TEST(aPeerThatLeavesIsNoticedThroughBackpressure) {
  for (const bool leaves_something : {false, true}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 1000;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    world.consume = false;
    if (leaves_something) CHECK(world.send(id, "never read"));
    CHECK(client.write(framed(std::string(5000, 'a'))));
    CHECK(world.receives(id, 1));
    for (int i = 0; i < 60; ++i) CHECK(client.write(framed(std::string(996, 'f'))));
    world.run(30);
    CHECK(world.story(id).frames.size() < 61 && !world.story(id).ended);
    client.leave();
    CHECK(world.closes(id));
    CHECK(world.story(id).frames.size() == 61);
    CHECK(world.story(id).ended && !world.story(id).end_failure && !world.story(id).close_failure);
  }
}

TEST(aServerThatLeavesIsNoticedThroughBackpressure) {
  World world;
  RawServer server(world.path());
  ConnectOptions options = world.connectOptions();
  options.high_water_mark = 1000;
  const Id id = world.connect(options);
  RawPeer peer = server.accept();
  world.consume = false;
  CHECK(peer.write(framed(std::string(5000, 'a'))));
  CHECK(world.receives(id, 1));
  CHECK(world.rests(50));
  peer.leave();
  CHECK(world.closes(id));
  CHECK(world.story(id).ended && !world.story(id).end_failure && !world.story(id).close_failure);
}

TEST(anEndInMidFrameIsToldAsSuch) {
  for (const size_t cut : {size_t{2}, size_t{7}}) {
    World world;
    RawPeer client;
    const Id id = world.acceptRaw(client);
    CHECK(client.write(framed("whole") + framed("partial").substr(0, cut)));
    client.leave();
    CHECK(world.closes(id));
    CHECK(world.story(id).frames == std::vector<std::string>{"whole"});
    CHECK(same(world.story(id).end_failure, "ERR_FRAME_TRUNCATED"));
    CHECK(!world.story(id).close_failure);
  }
}

TEST(afterABadFrameNothingIsReadButMuchCanBeWritten) {
  World world;
  ListenOptions options = world.listenOptions();
  options.framing.max_frame_length = 100;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  CHECK(client.write(framed("good") + framed(std::string(101, 'x')) + framed("ignored")));
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(same(world.story(id).end_failure, "ERR_FRAME_TOO_LARGE"));
  CHECK(world.story(id).frames == std::vector<std::string>{"good"});
  CHECK(world.rests(50));
  CHECK(world.send(id, "go away"));
  CHECK(world.read(client, 11) == framed("go away"));
  CHECK(client.write(framed("more")));
  CHECK(world.rests(50));
  client.leave();  // which is noticed although nothing is read
  CHECK(world.closes(id));
  CHECK(world.story(id).frames == std::vector<std::string>{"good"});
  CHECK(!world.story(id).close_failure);
}

TEST(aFrameOfImpossibleLengthEndsReading) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(client.write(framed("fine") + "\xff\xff\xff\xff"));
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(same(world.story(id).end_failure, "ERR_FRAME_TOO_LARGE"));
  CHECK(world.story(id).frames == std::vector<std::string>{"fine"});
  client.leave();
  CHECK(world.closes(id));
}

// A loop's own time stands still in a turn, however long that is.
TEST(howLongNothingHasHappenedIsKnownWithinALongTurn) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  uint64_t idle = 0;
  world.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::Frames) return;
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(100)) {
    }
    idle = world.connection(id)->traffic().idle;
  };
  CHECK(client.write(framed("x")));
  CHECK(world.receives(id, 1));
  CHECK(idle >= 50);
}

}  // namespace framepipe::test
