// A half-close: the peer sends nothing more and goes on receiving, or the other way round.
#include <sys/socket.h>

#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {

void shutDown(const RawPeer& peer, int how) {
  CHECK(::shutdown(static_cast<int>(peer.handle()), how) == 0);
}

}  // namespace

TEST(halfClosedPeersAreAnswered) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(client.write(framed("question")));
  shutDown(client, SHUT_WR);
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(world.rests(50));
  CHECK(!world.story(id).closed);
  CHECK(world.send(id, "answer"));
  world.connection(id)->close();
  const RawPeer::Rest rest = client.readToEnd();
  CHECK(rest.bytes == framed("answer") && rest.in_order);
  CHECK(world.closes(id));
  CHECK(!world.story(id).close_failure);
}

TEST(aHalfClosedPeerThroughBackpressureCostsNoTurns) {
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 1000;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  world.consume = false;
  for (int i = 0; i < 60; ++i) CHECK(client.write(framed(std::string(996, 'f'))));
  shutDown(client, SHUT_WR);
  world.run(20);
  CHECK(world.rests(100));
  CHECK(!world.story(id).ended);
  world.connection(id)->consumed(SIZE_MAX);
  world.consume = true;
  CHECK(world.until([&] { return world.story(id).ended; }));
  CHECK(world.story(id).frames.size() == 60);
  CHECK(world.rests(100));
  CHECK(!world.story(id).closed);
  CHECK(world.send(id, "still sending"));
  CHECK(world.read(client, 17) == framed("still sending"));
}

TEST(closingWhileThePeerHasHalfClosed) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  const std::string much = pattern(kMuch, 3);
  CHECK(world.send(id, much));
  shutDown(client, SHUT_WR);
  world.connection(id)->close();
  world.run(20);
  CHECK(world.rests(50));
  RawPeer::Rest rest;
  std::thread peer([&] { rest = client.readToEnd(); });
  CHECK(world.closes(id));
  peer.join();
  CHECK(rest.bytes == framed(much) && rest.in_order && !world.story(id).close_failure);
}

TEST(aPeerThatOnlyStopsReadingEndsTheConnection) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(client.write(framed("last words")));
  shutDown(client, SHUT_RD);
  CHECK(world.send(id, "unheard"));
  CHECK(world.closes(id));
  CHECK(world.story(id).frames == std::vector<std::string>{"last words"});
  CHECK(same(world.story(id).close_failure, "EPIPE"));
}

TEST(endingShowsThePeerTheEnd) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(kMuch, 'x')));
  world.connection(id)->endSending(1);
  RawPeer::Rest rest;
  std::thread peer([&] { rest = client.readToEnd(); });
  CHECK(world.settles(1) && world.settled[1]);
  peer.join();
  CHECK(rest.bytes.size() == kMuch + 4 && rest.in_order);
  CHECK(client.write(framed("answer")));
  CHECK(world.receives(id, 1));
  CHECK(!world.story(id).ended && !world.story(id).closed);
  CHECK(world.rests(50));
  client.leave();
  CHECK(world.closes(id));
  CHECK(!world.story(id).close_failure);
}

}  // namespace framepipe::test
