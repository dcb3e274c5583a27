// waitForDrain: when the peer has read everything, and only then.
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

namespace framepipe::test {

namespace {
constexpr Id kRequest = 500;
}

TEST(drainOfNothingIsDoneAtOnce) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  world.connection(id)->waitForDrain(kRequest);
  CHECK(world.settled.empty());  // not out of a call from JavaScript
  CHECK(world.until([&] { return world.settled.count(kRequest) == 1; }));
  CHECK(!world.settled[kRequest]);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(drainWaitsForTheLastByte) {
  for (const size_t size : {size_t{1}, size_t{100} << 10, size_t{3} << 20}) {
    World world;
    int client;
    const Id id = world.acceptRaw(client);
    CHECK(world.send(id, std::string(size, 'd')));
    world.connection(id)->waitForDrain(kRequest);
    world.run(30);
    CHECK(world.settled.empty());
    CHECK(world.read(client, size + 3).size() == size + 3);
    world.run(80);
    CHECK(world.settled.empty());
    CHECK(world.read(client, 1) == "d");
    CHECK(world.until([&] { return world.settled.count(kRequest) == 1; }));
    CHECK(!world.settled[kRequest]);
    ::close(client);
    CHECK(world.until([&] { return world.story(id).closed; }));
  }
}

TEST(drainIsNotPutOffByWhatIsSentLater) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(50'000, '1')));
  world.connection(id)->waitForDrain(kRequest);
  // The kernel counts memory, not bytes: some more has to be read than was sent before.
  for (int i = 0; i < 100 && world.settled.empty(); ++i) {
    CHECK(world.send(id, std::string(50'000, '2')));
    world.read(client, 50'004);
    world.run(5);
  }
  CHECK(world.settled.count(kRequest) == 1 && !world.settled[kRequest]);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(drainFailsWhenThePeerLeavesSomethingUnread) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "unread"));
  world.connection(id)->waitForDrain(kRequest);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(same(world.settled[kRequest], "EPIPE"));
}

TEST(drainSucceedsWhenThePeerReadsAllAndLeaves) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "read"));
  world.connection(id)->waitForDrain(kRequest);
  CHECK(world.read(client, 8) == framed("read"));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.settled.count(kRequest) == 1 && !world.settled[kRequest]);
}

TEST(drainFailsWhenTheConnectionIsDestroyed) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(1u << 20, 'x')));
  const auto kept = world.connection(id);
  kept->waitForDrain(kRequest);
  kept->destroy({});
  kept->waitForDrain(kRequest + 1);
  kept->cancelDrain(kRequest);
  CHECK(world.until([&] { return world.story(id).closed && world.settled.size() == 2; }));
  CHECK(same(world.settled[kRequest], "EPIPE") && same(world.settled[kRequest + 1], "EPIPE"));
  ::close(client);
}

TEST(aCancelledDrainIsForgotten) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "x"));
  world.connection(id)->waitForDrain(kRequest);
  world.connection(id)->waitForDrain(kRequest + 1);
  world.connection(id)->cancelDrain(kRequest);
  world.read(client, 5);
  CHECK(world.until([&] { return world.settled.count(kRequest + 1) == 1; }));
  CHECK(world.settled.size() == 1);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.settled.size() == 1);
}

}  // namespace framepipe::test
