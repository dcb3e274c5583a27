// endSending: the peer sees the end behind all that was sent, and may still answer.
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

namespace framepipe::test {

namespace {
constexpr Id kRequest = 500;
// More than the kernel keeps, so that some of it stays with us.
constexpr size_t kMuch = 4u << 20;
}  // namespace

TEST(endingShowsThePeerTheEndAndGoesOnReceiving) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(static_cast<bool>(world.send(id, "last")));
  world.connection(id)->endSending(kRequest);
  CHECK(world.until([&] { return world.settled.count(kRequest) == 1; }));
  CHECK(!world.settled[kRequest]);
  CHECK(readAll(client) == framed("last"));
  CHECK(same(world.send(id, "more").failure, "EPIPE"));
  CHECK(writeAll(client, framed("answer")));
  CHECK(world.until([&] { return world.story(id).frames.size() == 1; }));
  CHECK(world.story(id).frames[0] == "answer");
  CHECK(!world.story(id).ended && !world.story(id).closed);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(!world.story(id).close_failure);
}

TEST(endingWaitsUntilAllIsWritten) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(static_cast<bool>(world.send(id, std::string(kMuch, 'x'))));
  world.connection(id)->endSending(kRequest);
  world.connection(id)->keepAlive(false);
  const int listening = 1;
  CHECK(world.retained() == 1 + listening);  // until its bytes are out
  world.run(30);
  CHECK(world.settled.empty());
  size_t got = 0;
  char buffer[65536];
  CHECK(world.until([&] {
    for (ssize_t count; (count = ::recv(client, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
      got += static_cast<size_t>(count);
    return got == kMuch + 4 && world.settled.count(kRequest) == 1;
  }));
  CHECK(!world.settled[kRequest]);
  CHECK(::recv(client, buffer, sizeof buffer, 0) == 0);
  CHECK(world.until([&] { return world.retained() == listening; }));
  CHECK(world.turns(30) < 10);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(endingFailsWhenThePeerLeavesFirst) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(static_cast<bool>(world.send(id, std::string(kMuch, 'x'))));
  world.connection(id)->endSending(kRequest);
  ::close(client);
  CHECK(world.until([&] { return world.settled.count(kRequest) == 1; }));
  CHECK(same(world.settled[kRequest], "EPIPE"));
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(endingIsCutShort) {
  for (const bool gracefully : {true, false}) {
    World world;
    int client;
    const Id id = world.acceptRaw(client);
    CHECK(static_cast<bool>(world.send(id, std::string(kMuch, 'x'))));
    const auto connection = world.connection(id);
    connection->endSending(kRequest);
    connection->endSending(kRequest + 1);  // it was ended already
    if (gracefully) {
      connection->close();
      CHECK(readExactly(client, 1).size() == 1);
      std::string rest;
      CHECK(world.until([&] {
        char buffer[65536];
        const ssize_t count = ::recv(client, buffer, sizeof buffer, MSG_DONTWAIT);
        if (count > 0) rest.append(buffer, static_cast<size_t>(count));
        return count == 0;
      }));
      CHECK(rest.size() == kMuch + 3);
    } else {
      connection->destroy({});
    }
    CHECK(world.until([&] { return world.settled.size() == 2 && world.story(id).closed; }));
    CHECK(static_cast<bool>(world.settled[kRequest]) == !gracefully);
    CHECK(same(world.settled[kRequest + 1], "EPIPE"));
    connection->endSending(kRequest + 2);
    CHECK(world.until([&] { return world.settled.size() == 3; }));
    CHECK(same(world.settled[kRequest + 2], "EPIPE"));
    ::close(client);
  }
}

TEST(anEndThatOnlyReceivesHasEndedSendingAlready) {
  World world;
  auto options = world.listenOptions();
  options.direction = Direction::In;
  int client;
  const Id id = world.acceptRaw(client, options);
  world.connection(id)->endSending(kRequest);
  CHECK(world.until([&] { return world.settled.count(kRequest) == 1; }));
  CHECK(!world.settled[kRequest]);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

}  // namespace framepipe::test
