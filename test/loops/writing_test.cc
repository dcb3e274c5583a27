// Writing: in order, paced, and a peer that does not take it is told of.
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

TEST(whatIsSentArrivesInOrder) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  std::string expected;
  for (unsigned i = 0; i < 2000; ++i) {
    const std::string payload = pattern(i % 7 == 0 ? 5000 : i % 100, i);
    expected += framed(payload);
    CHECK(world.send(id, payload, i % 3 == 0));
  }
  RawPeer::Rest received;
  std::thread reader([&] { received = client.readToEnd(); });
  world.connection(id)->close();
  CHECK(world.closes(id));
  reader.join();
  CHECK(received.bytes == expected && received.in_order);
  CHECK(!world.story(id).close_failure);
}

TEST(framesOfAllSizesBothWays) {
  World world;
  const auto pair = world.pair();
  const std::vector<size_t> sizes{0, 1, 3, 4095, 4096, 65531, 65532, 65536, 65537, 1 << 20, 3 << 20, 16 << 20};
  for (const size_t size : sizes) {
    CHECK(world.send(pair.client, pattern(size, 1)));
    CHECK(world.send(pair.server, pattern(size, 2)));
  }
  CHECK(world.until(
      [&] {
        return world.story(pair.server).frames.size() == sizes.size() &&
               world.story(pair.client).frames.size() == sizes.size();
      },
      30));
  for (size_t i = 0; i < world.story(pair.server).frames.size(); ++i) {
    CHECK(world.story(pair.server).frames[i] == pattern(sizes[i], 1));
    CHECK(world.story(pair.client).frames[i] == pattern(sizes[i], 2));
  }
}

TEST(manySmallFramesKeepTheirOrder) {
  World world;
  const auto pair = world.pair();
  constexpr size_t kFrames = 200'000;
  size_t sent = 0, right = 0;
  const auto step = [&] {
    auto& frames = world.story(pair.server).frames;
    for (const std::string& frame : frames)
      if (!CHECK(frame == std::to_string(right++))) return true;
    frames.clear();
    while (sent < kFrames && sent < right + 20'000) {
      if (!CHECK(world.send(pair.client, std::to_string(sent), sent % 64 == 0))) return true;
      ++sent;
    }
    world.connection(pair.client)->flush();
    return right == kFrames;
  };
  CHECK(world.until(step, 60));
  CHECK(right == kFrames);
}

TEST(floodsInBothDirections) {
  World world;
  const auto pair = world.pair();
  constexpr size_t kFrames = 1200;
  std::vector<std::string> payloads;  // each of up to 256 KiB, 80 MB in all
  for (unsigned i = 0; i < 19; ++i) payloads.push_back(pattern(size_t{1} << i, i));
  struct Way {
    size_t sent = 0, right = 0;
    int drained = 0;
  };
  std::map<Id, Way> ways;
  const auto pump = [&](Id id) {
    Way& way = ways[id];
    while (way.sent < kFrames) {
      const auto queued = world.send(id, payloads[way.sent++ % payloads.size()], false);
      CHECK(queued);
      if (queued.value > 1u << 20) break;
    }
    world.connection(id)->flush();
  };
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Frames) {
      Way& way = ways[event.id];
      for (const std::string& frame : world.story(event.id).frames)
        CHECK(frame == payloads[way.right++ % payloads.size()]);
      world.story(event.id).frames.clear();
    }
    if (event.kind != Event::Kind::Drained) return;
    ++ways[event.id].drained;
    pump(event.id);
  };
  pump(pair.client);
  pump(pair.server);
  CHECK(world.until([&] { return ways[pair.client].right == kFrames && ways[pair.server].right == kFrames; }, 60));
  for (const auto& [id, way] : ways) CHECK(way.drained > 2);
  const Traffic out = world.connection(pair.client)->traffic(), in = world.connection(pair.server)->traffic();
  CHECK(out.bytes_out == in.bytes_in && out.frames_out == in.frames_in && out.frames_out == kFrames);
  CHECK(in.bytes_out == out.bytes_in && in.frames_out == kFrames);
}

TEST(aSlowReaderHoldsTheWriter) {
  World world;
  constexpr size_t kMark = 256u << 10;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = kMark;
  const auto pair = world.pair(options);
  world.consume = false;
  const std::string frame(10'000, 'b');
  size_t sent = 0;
  int drained = 0;
  // What is sent first fills the reader up to its mark, and what the system keeps; then nothing moves any more.
  for (bool moves = true; moves && CHECK(sent < 300);) {
    for (size_t queued = 0; queued <= kMark; ++sent) {
      const auto outcome = world.send(pair.client, frame, false);
      if (!CHECK(outcome)) return;
      queued = outcome.value;
    }
    world.connection(pair.client)->flush();
    world.run(300);
    moves = world.story(pair.client).drained > drained;
    drained = world.story(pair.client).drained;
  }
  const size_t received = world.story(pair.server).cost;
  CHECK(received >= kMark && received < kMark + (300u << 10));
  CHECK(world.rests(100));
  world.consume = true;
  world.connection(pair.server)->consumed(received);
  CHECK(world.receives(pair.server, sent));
  CHECK(world.until([&] { return world.story(pair.client).drained == drained + 1; }));  // once for each time
}

TEST(drainedComesOnceTheQueueIsHalfTheMark) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1u << 20;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  size_t sent = 0, queued = 0;
  while (queued <= options.high_water_mark) {
    queued = world.send(id, std::string(65'532, 'd')).value;
    sent += 65'536;
  }
  world.run(20);
  CHECK(world.story(id).drained == 0);
  CHECK(world.rests(50));
  world.read(client, 300u << 10);
  world.run(20);
  CHECK(world.story(id).drained == 0);
  world.read(client, 600u << 10);
  CHECK(world.until([&] { return world.story(id).drained == 1; }));
  world.read(client, sent - (900u << 10));
  world.run(20);
  CHECK(world.story(id).drained == 1);
}

TEST(drainedWithinFlushIsRungFor) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  CHECK(world.send(id, std::string(2000, 'd')).value > 1000);
  CHECK(world.story(id).drained == 0);  // not out of a call from JavaScript
  CHECK(world.until([&] { return world.story(id).drained == 1; }));
}

TEST(whatWasReceivedSurvivesAPeerThatDoesNotReadOn) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  for (int i = 0; i < 50; ++i) CHECK(client.write(framed(std::string(996, 'f'))));
  CHECK(world.receives(id, 1));
  CHECK(world.send(id, pattern(kMuch, 5)));
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.story(id).frames.size() == 50);
  CHECK(world.story(id).ended && !world.story(id).end_failure);
  CHECK(same(world.story(id).close_failure, "EPIPE"));
  CHECK(world.story(id).drained == 0);
}

TEST(sendingToOneWhoHasLeftFails) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  bool refused = false;
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Closed) refused = same(world.send(id, "x").failure, "EPIPE");
  };
  client.leave();
  const Failure failure = world.send(id, "before we know").failure;
  CHECK(world.closes(id));
  CHECK(same(failure ? failure : world.story(id).close_failure, "EPIPE"));
  CHECK(refused);
  CHECK(same(world.send(id, "x").failure, "GONE"));  // its number is void
}

TEST(sendingToOneWhoLeavesEndsAtLast) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  client.leave();
  for (int i = 0; i < 1000 && !world.story(id).closed; ++i) {
    const Failure failure = world.send(id, "anybody there?").failure;
    CHECK(!failure || same(failure, "EPIPE"));
    world.turn();
  }
  CHECK(world.closes(id));
  CHECK(!world.story(id).end_failure);
}

TEST(aRefusedFrameChangesNothing) {
  World world;
  ListenOptions options = world.listenOptions();
  options.framing.length_bytes = 1;
  const auto pair = world.pair(options);
  const std::string good = "good", bad(256, 'x');
  const std::span<const uint8_t> frames[] = {
      {reinterpret_cast<const uint8_t*>(good.data()), good.size()},
      {reinterpret_cast<const uint8_t*>(bad.data()), bad.size()},
  };
  CHECK(same(world.connection(pair.client)->send(frames).failure, "ERR_FRAME_TOO_LARGE"));
  CHECK(world.send(pair.client, good).value == 5);
  CHECK(world.receives(pair.server, 1));
  world.run(20);
  CHECK(world.story(pair.server).frames == std::vector<std::string>{"good"});
}

}  // namespace framepipe::test
