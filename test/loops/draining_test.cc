// waitForDrain: when the peer has read everything, and only then.
#include "loops/world.h"

namespace framepipe::test {

namespace {
constexpr Id kRequest = 500;
}

TEST(drainOfNothingIsDoneAtOnce) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  world.connection(id)->waitForDrain(kRequest);
  CHECK(world.settled.empty());  // not out of a call from JavaScript
  CHECK(world.settles(kRequest) && world.settled[kRequest]);
}

TEST(drainWaitsForTheLastByte) {
  for (const size_t size : {size_t{1}, size_t{100} << 10, size_t{3} << 20}) {
    World world;
    RawPeer client;
    const Id id = world.acceptRaw(client);
    CHECK(world.send(id, std::string(size, 'd')));
    world.connection(id)->waitForDrain(kRequest);
    world.run(100);
    CHECK(world.settled.empty());
    CHECK(world.read(client, size + 3).size() == size + 3);
    world.run(100);
    CHECK(world.settled.empty());
    CHECK(world.read(client, 1) == "d");
    CHECK(world.settles(kRequest) && world.settled[kRequest]);
    world.connection(id)->waitForDrain(kRequest + 1);  // and nothing waits any more
    CHECK(world.settles(kRequest + 1) && world.settled[kRequest + 1]);
  }
}

TEST(drainFailsWhenThePeerLeavesSomethingUnread) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "unread"));
  world.connection(id)->waitForDrain(kRequest);
  world.connection(id)->waitForDrain(kRequest + 1);
  world.run(100);
  CHECK(world.settled.empty());
  client.leave();
  CHECK(world.closes(id));
  for (const Id request : {kRequest, kRequest + 1})
    CHECK(world.settles(request) && same(world.settled[request].failure, "EPIPE"));
}

TEST(drainSucceedsWhenThePeerReadsAllAndLeaves) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "read"));
  world.connection(id)->waitForDrain(kRequest);
  CHECK(world.read(client, 8) == framed("read"));
  CHECK(world.settles(kRequest));
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.settled.count(kRequest) == 1 && world.settled[kRequest]);
}

TEST(drainFailsWhenTheConnectionIsDestroyed) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(1u << 20, 'x')));
  const auto kept = world.connection(id);
  kept->waitForDrain(kRequest);
  world.run(50);
  kept->destroy({});
  kept->waitForDrain(kRequest + 1);
  kept->cancelDrain(kRequest);
  CHECK(world.closes(id));
  for (const Id request : {kRequest, kRequest + 1})
    CHECK(world.settles(request) && same(world.settled[request].failure, "EPIPE"));
}

TEST(aCancelledDrainIsForgotten) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "first"));
  world.connection(id)->waitForDrain(kRequest);
  world.run(50);
  world.connection(id)->cancelDrain(kRequest);
  world.connection(id)->waitForDrain(kRequest + 1);
  world.connection(id)->waitForDrain(kRequest + 2);
  world.connection(id)->cancelDrain(kRequest + 1);
  world.run(50);
  CHECK(world.settled.empty());
  CHECK(world.read(client, 9) == framed("first"));
  CHECK(world.settles(kRequest + 2) && world.settled[kRequest + 2]);
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.settled.size() == 1);
}

}  // namespace framepipe::test
