// endSending: nothing is sent behind what was queued, and receiving goes on.
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {
constexpr Id kRequest = 500;
}

TEST(endingIsTheLastOfSendingAndReceivingGoesOn) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "last", false));
  world.connection(id)->endSending(kRequest);
  CHECK(world.settled.empty());  // not out of a call from JavaScript
  CHECK(world.settles(kRequest) && world.settled[kRequest]);
  CHECK(world.settled[kRequest].value == kHalfClose);  // whether the peer sees it
  CHECK(same(world.send(id, "more").failure, "EPIPE"));
  CHECK(world.read(client, 8) == framed("last"));
  CHECK(client.write(framed("answer")));
  CHECK(world.receives(id, 1));
  CHECK(world.story(id).frames == std::vector<std::string>{"answer"});
  CHECK(!world.story(id).ended && !world.story(id).closed);
  world.connection(id)->close();
  const RawPeer::Rest rest = client.readToEnd();
  CHECK(rest.bytes.empty() && rest.in_order);
  CHECK(world.closes(id));
  CHECK(!world.story(id).close_failure);
}

TEST(endingWaitsUntilAllIsWritten) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(kMuch, 'x')));
  world.connection(id)->endSending(kRequest);
  world.connection(id)->keepAlive(false);
  CHECK(world.retained() == 2);  // the listener, and until its bytes are out
  world.run(30);
  CHECK(world.settled.empty());
  CHECK(world.read(client, kMuch + 4).size() == kMuch + 4);
  CHECK(world.settles(kRequest) && world.settled[kRequest]);
  CHECK(world.until([&] { return world.retained() == 1; }));
  CHECK(world.rests(50));
}

TEST(endingFailsWhenThePeerLeavesFirst) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(kMuch, 'x')));
  world.connection(id)->endSending(kRequest);
  client.leave();
  CHECK(world.settles(kRequest) && same(world.settled[kRequest].failure, "EPIPE"));
  CHECK(world.closes(id));
}

TEST(endingIsCutShort) {
  for (const bool gracefully : {true, false}) {
    World world;
    RawPeer client;
    const Id id = world.acceptRaw(client);
    CHECK(world.send(id, std::string(kMuch, 'x')));
    const auto connection = world.connection(id);
    connection->endSending(kRequest);
    connection->endSending(kRequest + 1);  // it was ended already
    gracefully ? connection->close() : connection->destroy({});
    RawPeer::Rest rest;
    std::thread reader([&] { rest = client.readToEnd(); });
    CHECK(world.closes(id));
    reader.join();
    CHECK((rest.bytes.size() == kMuch + 4) == gracefully);
    CHECK(world.settles(kRequest) && world.settles(kRequest + 1));
    CHECK(static_cast<bool>(world.settled[kRequest]) == gracefully);
    CHECK(same(world.settled[kRequest + 1].failure, "EPIPE"));
    connection->endSending(kRequest + 2);
    CHECK(world.settles(kRequest + 2) && same(world.settled[kRequest + 2].failure, "EPIPE"));
  }
}

TEST(anEndThatOnlyReceivesHasEndedSendingAlready) {
  World world;
  auto options = world.listenOptions();
  options.direction = Direction::In;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  world.connection(id)->endSending(kRequest);
  CHECK(world.settles(kRequest) && world.settled[kRequest]);
}

}  // namespace framepipe::test
