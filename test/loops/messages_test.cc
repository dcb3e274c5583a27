// Message framing: the system keeps the boundaries.
#include <random>
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {

ListenOptions messages(World& world) {
  return world.listenOptions(FramingKind::Message);
}

}  // namespace

TEST(messagesKeepTheirBoundariesBothWays) {
  World world;
  const auto pair = world.pair(messages(world));
  const std::vector<size_t> sizes{1, 0, 5, 100, 0, 0, 4096, 8192, 65'536, 65'537, 200'000, 3};
  std::vector<std::string> there, back;
  for (const size_t size : sizes) {
    CHECK(world.send(pair.client, there.emplace_back(pattern(size, 3)), false));
    CHECK(world.send(pair.server, back.emplace_back(pattern(size, 4))));
  }
  world.connection(pair.client)->flush();
  CHECK(world.receives(pair.server, sizes.size()) && world.receives(pair.client, sizes.size()));
  CHECK(world.story(pair.server).frames == there);
  CHECK(world.story(pair.client).frames == back);
  CHECK(world.connection(pair.server)->traffic().frames_in == sizes.size());
  CHECK(!world.story(pair.server).ended && !world.story(pair.client).ended);
  world.connection(pair.client)->close();
  CHECK(world.closes(pair.server));
  CHECK(world.story(pair.server).ended && !world.story(pair.server).end_failure);
}

TEST(messagesOneByOne) {
  World world;
  const auto pair = world.pair(messages(world));
  for (unsigned i = 1; i <= 200; ++i) {
    CHECK(world.send(pair.client, pattern(i * 997, i)));
    if (!CHECK(world.receives(pair.server, i))) return;
    CHECK(world.story(pair.server).frames.back() == pattern(i * 997, i));
  }
}

TEST(aPeerGetsMessagesOneByOne) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client, messages(world));
  for (const std::string& message : {std::string("a"), pattern(9000, 1), std::string("c")})
    CHECK(world.send(id, message));
  CHECK(client.readMessage() == "a" && client.readMessage() == pattern(9000, 1) && client.readMessage() == "c");
}

TEST(emptyMessagesAreNoEnd) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client, messages(world));
  for (int i = 0; i < 3; ++i) CHECK(client.write(""));
  CHECK(world.receives(id, 3));
  CHECK(!world.story(id).ended);
  CHECK(client.write("x"));
  for (int i = 0; i < 3; ++i) CHECK(client.write(""));
  client.leave();
  CHECK(world.closes(id));
  CHECK((world.story(id).frames == std::vector<std::string>{"", "", "", "x", "", "", ""}));
  CHECK(!world.story(id).end_failure && !world.story(id).close_failure);
}

TEST(messagesOfAPeerThatLeavesSomethingUnread) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(world.send(id, "unread"));
  for (int i = 0; i < 20; ++i) CHECK(client.write("m"));
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.story(id).frames.size() == 20);
  CHECK(!world.story(id).close_failure);
}

TEST(manyMessagesUnderBackpressure) {
  World world;
  ListenOptions options = messages(world);
  options.high_water_mark = 10'000;
  const auto pair = world.pair(options);
  std::mt19937 random(3);
  std::vector<std::string> sent;
  const auto pump = [&] {
    while (sent.size() < 3000) {
      sent.emplace_back(random() % 3000, static_cast<char>(sent.size()));
      const auto queued = world.send(pair.client, sent.back(), false);
      CHECK(queued);
      if (queued.value > 10'000) break;
    }
    world.connection(pair.client)->flush();
    if (sent.size() == 3000) world.connection(pair.client)->close();
  };
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Drained) pump();
  };
  pump();
  CHECK(world.until([&] { return world.story(pair.server).closed; }, 30));
  CHECK(world.story(pair.server).frames == sent);
  CHECK(!world.story(pair.client).close_failure && !world.story(pair.server).close_failure);
}

TEST(aMessageThatIsTooLongIsRefusedWhole) {
  for (const size_t limit : {size_t{1000}, size_t{100'000}}) {
    World world;
    ListenOptions options = messages(world);
    options.framing.max_frame_length = limit;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    CHECK(client.write("ok"));
    std::thread writer([&] { client.write(std::string(limit + 1, 'x')); });
    CHECK(world.until([&] { return world.story(id).ended; }));
    const Failure& failure = world.story(id).end_failure;
    CHECK(same(failure, "ERR_FRAME_TOO_LARGE"));
    CHECK(failure.frame.declared == limit + 1 && failure.frame.limit == limit && failure.frame.position == 2);
    CHECK(world.story(id).frames == std::vector<std::string>{"ok"});
    CHECK(world.rests(50));
    world.connection(id)->destroy({});
    CHECK(world.closes(id));
    writer.join();
  }
}

TEST(aMessageConnectionClosesInGoodOrder) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(client.write("unread"));
  CHECK(world.send(id, "bye"));
  world.connection(id)->close();
  const RawPeer::Rest rest = client.readToEnd();
  CHECK(rest.bytes == "bye" && rest.in_order);
  CHECK(world.closes(id));
  CHECK(!world.story(id).close_failure);
}

TEST(drainOfEmptyMessages) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(world.send(id, ""));
  world.connection(id)->waitForDrain(9);
  world.run(30);
  CHECK(world.settled.empty());
  CHECK(client.readMessage().empty());
  CHECK(world.settles(9) && world.settled[9]);
}

}  // namespace framepipe::test
