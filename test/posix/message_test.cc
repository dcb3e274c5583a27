// Message framing over SOCK_SEQPACKET: the kernel keeps the boundaries.
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "harness.h"

namespace framepipe::test {

namespace {

ListenOptions messages(World& world) {
  return world.listenOptions(FramingKind::Message);
}

}  // namespace

TEST(messagesKeepTheirBoundaries) {
  World world;
  world.listen(messages(world));
  const Id client = world.connect(world.connectOptions(FramingKind::Message));
  const Id server = world.accept();
  std::vector<std::string> sent;
  for (const size_t size : {1, 0, 2, 4096, 0, 0, 65536, 65537, 200'000, 3}) {
    sent.emplace_back(size, static_cast<char>('a' + sent.size()));
    CHECK(world.send(client, sent.back(), false));
  }
  world.connection(client)->flush();
  CHECK(world.until([&] { return world.story(server).frames.size() == sent.size(); }));
  CHECK(world.story(server).frames == sent);
  CHECK(world.connection(server)->traffic().frames_in == sent.size());
  CHECK(!world.story(server).ended);
}

TEST(emptyMessagesAreNoEnd) {
  World world;
  int client;
  const Id id = world.acceptRaw(client, messages(world));
  for (int i = 0; i < 3; ++i) CHECK(::send(client, "", 0, MSG_NOSIGNAL) == 0);
  CHECK(world.until([&] { return world.story(id).frames.size() == 3; }));
  CHECK(!world.story(id).ended);
  CHECK(::send(client, "x", 1, MSG_NOSIGNAL) == 1);
  for (int i = 0; i < 3; ++i) CHECK(::send(client, "", 0, MSG_NOSIGNAL) == 0);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK((world.story(id).frames == std::vector<std::string>{"", "", "", "x", "", "", ""}));
  CHECK(!world.story(id).end_failure && !world.story(id).close_failure);
}

TEST(messagesOfAPeerThatLeavesSomethingUnread) {
  World world;
  int client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(world.send(id, "unread"));
  for (int i = 0; i < 20; ++i) CHECK(::send(client, "m", 1, MSG_NOSIGNAL) == 1);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.story(id).frames.size() == 20);
  CHECK(!world.story(id).close_failure);
}

TEST(manyMessagesUnderBackpressure) {
  World world;
  ListenOptions options = messages(world);
  options.high_water_mark = 10'000;
  world.listen(options);
  ConnectOptions there = world.connectOptions(FramingKind::Message);
  there.high_water_mark = 10'000;
  const Id client = world.connect(there);
  const Id server = world.accept();
  std::mt19937 random(3);
  std::vector<std::string> sent;
  const auto pump = [&] {
    while (sent.size() < 3000) {
      sent.emplace_back(random() % 3000, static_cast<char>(sent.size()));
      const auto queued = world.send(client, sent.back(), false);
      CHECK(queued);
      if (queued.value > 10'000) break;
    }
    world.connection(client)->flush();
    if (sent.size() == 3000) world.connection(client)->close();
  };
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Drained) pump();
  };
  pump();
  CHECK(world.until([&] { return world.story(server).closed; }));
  CHECK(world.story(server).frames == sent);
  CHECK(!world.story(client).close_failure && !world.story(server).close_failure);
}

TEST(aMessageThatIsTooLongIsRefusedWhole) {
  World world;
  ListenOptions options = messages(world);
  options.framing.max_frame_length = 1000;
  int client;
  const Id id = world.acceptRaw(client, options);
  CHECK(::send(client, "ok", 2, MSG_NOSIGNAL) == 2);
  const std::string large(1001, 'x');
  CHECK(::send(client, large.data(), large.size(), MSG_NOSIGNAL) == 1001);
  CHECK(world.until([&] { return world.story(id).ended; }));
  const Failure& failure = world.story(id).end_failure;
  CHECK(same(failure, "ERR_FRAME_TOO_LARGE"));
  CHECK(failure.frame.declared == 1001 && failure.frame.limit == 1000 && failure.frame.position == 2);
  CHECK(world.turns(50) < 40);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(whatTheKernelCannotTakeIsRefusedBeforeItIsQueued) {
  World world;
  ListenOptions options = messages(world);
  options.framing.max_frame_length = 64u << 20;
  int client;
  const Id id = world.acceptRaw(client, options);
  const Failure failure = world.send(id, std::string(32u << 20, 'x')).failure;
  CHECK(same(failure, "EMSGSIZE"));
  CHECK(failure.hint != nullptr);
  CHECK(world.send(id, std::string(300'000, 'y')));
  std::string buffer(400'000, '\0');
  CHECK(::recv(client, buffer.data(), buffer.size(), 0) == 300'000);
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

TEST(aMessageConnectionClosesInGoodOrder) {
  World world;
  int client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(::send(client, "unread", 6, MSG_NOSIGNAL) == 6);
  CHECK(world.send(id, "bye"));
  world.connection(id)->close();
  CHECK(readAll(client) == "bye" && errno == 0);
  CHECK(world.until([&] { return world.story(id).closed; }));
  ::close(client);
}

TEST(drainOfEmptyMessages) {
  World world;
  int client;
  const Id id = world.acceptRaw(client, messages(world));
  CHECK(world.send(id, ""));
  world.connection(id)->waitForDrain(9);
  world.run(30);
  CHECK(world.settled.empty());
  char byte;
  CHECK(::recv(client, &byte, 1, 0) == 0);
  CHECK(world.until([&] { return world.settled.count(9) == 1; }));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
}

}  // namespace framepipe::test
