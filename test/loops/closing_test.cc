// Every way in which this side ends a connection.
#include <thread>

#include "impersonation/identity.h"
#include "loops/world.h"

namespace framepipe::test {

TEST(closeLetsEverythingOut) {
  for (const size_t size : {size_t{10}, size_t{60'000}, size_t{1} << 20, size_t{5} << 20}) {
    World world;
    RawPeer client;
    const Id id = world.acceptRaw(client);
    const std::string sent = pattern(size, 1);
    CHECK(world.send(id, sent, false));  // not even flushed
    world.connection(id)->close();
    world.connection(id)->close();
    CHECK(same(world.send(id, "too late").failure, "EPIPE"));
    if (size < 65'000) CHECK(world.closes(id));  // what the system keeps needs no reader
    RawPeer::Rest received;
    std::thread reader([&] { received = client.readToEnd(); });
    CHECK(world.closes(id));
    reader.join();
    CHECK(received.bytes == framed(sent) && received.in_order);
    CHECK(!world.story(id).close_failure);
  }
}

TEST(closeKeepsTheProcessAliveUntilAllIsOut) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 1), false));
  world.connection(id)->keepAlive(false);
  CHECK(world.retained() == 1);
  world.connection(id)->close();
  CHECK(world.retained() == 2);  // the listener, and the bytes that are still to go
  world.run(20);
  CHECK(!world.story(id).closed);
  CHECK(world.rests(50));
  CHECK(world.read(client, kMuch + 4).size() == kMuch + 4);
  CHECK(world.closes(id));
  CHECK(world.retained() == 1);
}

TEST(closeWithUnreadInputIsNoReset) {
  for (const size_t unread : {size_t{10}, size_t{60'000}}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.high_water_mark = 1;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    world.consume = false;
    CHECK(client.write(framed("first")));
    CHECK(world.receives(id, 1));
    CHECK(client.write(framed(std::string(unread, 'u'))));
    CHECK(world.send(id, "bye"));
    world.connection(id)->close();
    const RawPeer::Rest rest = client.readToEnd();
    CHECK(rest.bytes == framed("bye") && rest.in_order);
    client.leave();
    CHECK(world.closes(id));
    CHECK(world.story(id).frames.size() == 1 && !world.story(id).close_failure);
  }
}

TEST(closingDoesNotWaitForOneWhoWritesFirst) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  const std::string much = pattern(kMuch, 2);
  CHECK(world.send(id, much));
  world.connection(id)->close();
  RawPeer::Rest received;
  std::thread peer([&] {
    CHECK(client.write(framed(much)));  // is not left hanging
    received = client.readToEnd();
  });
  CHECK(world.closes(id));
  peer.join();
  CHECK(received.bytes == framed(much) && received.in_order);
  CHECK(world.story(id).frames.empty());  // nothing is received after close()
}

TEST(aPeerThatLeavesDuringCloseIsToldOf) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(client.write(framed("last words")));
  CHECK(world.receives(id, 1));
  CHECK(world.send(id, pattern(kMuch, 4)));
  world.connection(id)->close();
  world.run(10);
  CHECK(!world.story(id).closed);
  client.leave();
  CHECK(world.closes(id));
  CHECK(same(world.story(id).close_failure, "EPIPE"));
}

TEST(destroyEndsACloseThatNobodyReads) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 5)));
  world.connection(id)->close();
  world.run(200);
  CHECK(!world.story(id).closed);
  world.connection(id)->keepAlive(false);
  world.connection(id)->destroy({"ETIMEDOUT", "close", 0, nullptr, {}});
  CHECK(world.closes(id));
  CHECK(same(world.story(id).close_failure, "ETIMEDOUT"));
}

TEST(destroyIsAtOnce) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 6)));
  const auto kept = world.connection(id);
  kept->close();
  kept->destroy({"ERR_TEST", "destroy", 0, nullptr, {}});
  kept->destroy({});
  kept->close();
  kept->flush();
  kept->consumed(10);
  kept->keepAlive(true);
  CHECK(client.readToEnd().bytes.size() < kMuch);
  CHECK(!world.story(id).closed);  // not out of a call from JavaScript
  CHECK(world.closes(id));
  CHECK(world.retained() == 1);
  CHECK(same(world.story(id).close_failure, "ERR_TEST"));
  CHECK(!kept->identity(false));
}

TEST(destroyHasNoFailureOfItsOwn) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, pattern(kMuch, 7)));
  world.connection(id)->destroy({});
  CHECK(world.closes(id));
  CHECK(!world.story(id).close_failure && !world.story(id).ended);
  CHECK(client.readToEnd().bytes.size() < kMuch);
}

namespace {

enum class State { Accepted, Unread, Writing, PeerLeft, Draining };
enum class How { Close, Destroy, CloseThenDestroy, DestroyThenClose };
constexpr Id kDrain = 3;

void bring(World& world, Id id, RawPeer& client, State state) {
  if (state == State::Unread) CHECK(client.write(framed("unread")));
  if (state == State::Writing) CHECK(world.send(id, std::string(kMuch, 'w')));
  if (state == State::PeerLeft) client.leave();
  if (state == State::Draining) {
    CHECK(world.send(id, "x"));
    world.connection(id)->waitForDrain(kDrain);
  }
}

void end(Connection& connection, How how) {
  if (how == How::Close) connection.close();
  if (how == How::Destroy) connection.destroy({});
  if (how == How::CloseThenDestroy) {
    connection.close();
    connection.close();
    connection.destroy({});
    connection.destroy({"EIO", "late", 0, nullptr, {}});
  }
  if (how == How::DestroyThenClose) {
    connection.destroy({"EIO", "first", 0, nullptr, {}});
    connection.close();
  }
}

}  // namespace

TEST(endsInEveryState) {
  for (const State state : {State::Accepted, State::Unread, State::Writing, State::PeerLeft, State::Draining})
    for (const How how : {How::Close, How::Destroy, How::CloseThenDestroy, How::DestroyThenClose}) {
      World world;
      RawPeer client;
      const Id id = world.acceptRaw(client);
      bring(world, id, client, state);
      end(*world.connection(id), how);
      const bool waits = state == State::Writing && how == How::Close;
      if (waits) {
        world.run(20);
        CHECK(!world.story(id).closed);
        client.leave();
      }
      CHECK(world.closes(id));
      const Failure& failure = world.story(id).close_failure;
      if (waits) CHECK(same(failure, "EPIPE"));
      if (how == How::DestroyThenClose && state != State::PeerLeft) CHECK(same(failure, "EIO"));
      if (how == How::Destroy || how == How::CloseThenDestroy) CHECK(!failure);
      if (state == State::Draining) CHECK(world.settles(kDrain));
    }
}

TEST(endsOutOfEveryEvent) {
  using Kind = Event::Kind;
  for (const Kind kind : {Kind::Accepted, Kind::Frames, Kind::Ended, Kind::Drained})
    for (const bool gracefully : {true, false}) {
      World world;
      ListenOptions options = world.listenOptions();
      options.high_water_mark = 100;
      bool done = false;
      world.on_event = [&](const Event& event) {
        if (event.kind == Kind::Accepted) CHECK(world.send(event.other, std::string(200, 'd')).value > 0);
        if (event.kind != kind || done) return;
        done = true;
        const auto one = world.connection(kind == Kind::Accepted ? event.other : event.id);
        gracefully ? one->close() : one->destroy({});
      };
      RawPeer client;
      const Id id = world.acceptRaw(client, options);
      client.write(framed("one") + framed("two"));  // refused when it has ended by now
      if (kind == Kind::Ended) client.leave();
      CHECK(world.closes(id));
      CHECK(done);
      CHECK(!world.story(id).close_failure);
    }
}

}  // namespace framepipe::test
