// Frames that go to many connections: encoded once, and queued for none that does not take what it has.
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {

Outcome<std::optional<size_t>> offer(World& world, Id id, const EncodedFrames& frames) {
  const auto connection = world.connection(id);
  return connection ? connection->offer(frames) : connectionEnded("write");
}

bool took(const Outcome<std::optional<size_t>>& outcome) {
  return outcome && outcome.value;
}

// As Environment::broadcast() does it.
size_t broadcast(World& world, const std::vector<Id>& to, const std::string& frame) {
  EncodedFrames frames(world.listenOptions().framing, world.connection(to.front())->pool());
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  CHECK(!frames.encode({&bytes, 1}));
  size_t sent = 0;
  for (const Id id : to) {
    CHECK(!world.connection(id)->admit(frames));
    if (!took(offer(world, id, frames))) continue;
    ++sent;
    world.connection(id)->flush();
  }
  return sent;
}

}  // namespace

TEST(whatGoesToManyReachesEach) {
  World world;
  std::vector<World::Pair> pairs;
  std::vector<Id> servers;
  for (int i = 0; i < 3; ++i) {
    ListenOptions options = world.listenOptions();
    options.path = world.path(std::to_string(i).c_str());
    options.high_water_mark = 64u << 20;
    pairs.push_back(world.pair(options));
    servers.push_back(pairs.back().server);
  }
  std::vector<std::string> expected;
  for (unsigned i = 0; i < 60; ++i) {
    expected.push_back(pattern(i % 5 == 0 ? 100'000 : i % 5 == 1 ? 32'764 : i * 13, i));
    CHECK(broadcast(world, servers, expected.back()) == 3);
    expected.push_back("its own");
    for (const Id server : servers) CHECK(world.send(server, "its own", i % 3 == 0));
  }
  for (const auto& pair : pairs) {
    world.connection(pair.server)->flush();
    CHECK(world.receives(pair.client, expected.size()));
    CHECK(world.story(pair.client).frames == expected);
    CHECK(world.connection(pair.server)->traffic().frames_out == expected.size());
  }
}

TEST(whoIsBehindIsLeftOutAndHoldsNobodyBack) {
  World world;
  constexpr size_t kMark = 256u << 10;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = kMark;
  options.path = world.path("slow");
  RawPeer slow;
  const Id behind = world.acceptRaw(slow, options);
  options.path = world.path("quick");
  const auto quick = world.pair(options);
  const std::string frame = pattern(50'000, 3);
  size_t sent = 0, for_slow = 0;
  while (world.connection(behind)->traffic().queued <= kMark && CHECK(sent < 1000)) {
    for_slow += broadcast(world, {behind, quick.server}, frame) - 1;
    CHECK(world.receives(quick.client, ++sent));
  }
  const uint64_t queued = world.connection(behind)->traffic().queued;
  CHECK(queued <= kMark + frame.size() + 4);
  for (int i = 0; i < 20; ++i) {
    CHECK(broadcast(world, {behind, quick.server}, frame) == 1);
    CHECK(world.receives(quick.client, ++sent));
  }
  CHECK(world.connection(behind)->traffic().queued == queued);
  CHECK(world.story(behind).drained == 0);
  std::string expected;
  for (size_t i = 0; i < for_slow; ++i) expected += framed(frame);
  CHECK(world.read(slow, expected.size()) == expected);
  CHECK(world.until([&] { return world.story(behind).drained == 1; }));
  CHECK(broadcast(world, {behind}, "again") == 1);
  CHECK(world.read(slow, 9) == framed("again"));
}

TEST(whatIsSharedOutlivesWhoeverLeaves) {
  World world;
  ListenOptions options = world.listenOptions();
  std::vector<RawPeer> peers(4);
  std::vector<Id> ids;
  for (size_t i = 0; i < peers.size(); ++i) {
    options.path = world.path(std::to_string(i).c_str());
    ids.push_back(world.acceptRaw(peers[i], options));
  }
  const std::string frame = pattern(8u << 20, 9);  // more than any system keeps
  CHECK(broadcast(world, ids, frame) == ids.size());
  CHECK(world.connection(ids[3])->traffic().queued > 0);
  world.connection(ids[0])->destroy({});
  peers[1].leave();
  world.connection(ids[2])->close();
  CHECK(world.closes(ids[0]) && world.closes(ids[1]));
  for (const size_t i : {2u, 3u}) CHECK(world.read(peers[i], frame.size() + 4) == framed(frame));
  CHECK(world.closes(ids[2]));
  CHECK(!world.story(ids[2]).close_failure);
}

TEST(whatHasEndedIsOfferedNothing) {
  World world;
  const auto pair = world.pair();
  EncodedFrames frames(world.listenOptions().framing);
  CHECK(!frames.encode({}));
  const auto connection = world.connection(pair.server);
  CHECK(took(connection->offer(frames)));
  connection->destroy({});
  CHECK(same(connection->offer(frames).failure, "EPIPE"));
  CHECK(!connection->admit(frames));
  CHECK(world.closes(pair.server));
  CHECK(same(offer(world, pair.server, frames).failure, "EPIPE"));
}

}  // namespace framepipe::test
