// What is left of connections that ended: nothing, also when both ends or other threads had a part in it.
#include <atomic>
#include <thread>

#include "impersonation/identity.h"
#include "loops/world.h"

namespace framepipe::test {

TEST(bothEndsCloseAtOnce) {
  World world;
  world.listen();
  for (size_t i = 0; i < 400; ++i) {
    const Id client = world.connect();
    if (i & 1) CHECK(world.send(client, std::string(i * 500, 'x')));
    const Id server = world.accept();
    if (i & 2) world.send(server, std::string(i * 300, 'y'));
    i & 4 ? world.connection(client)->close() : world.connection(client)->destroy({});
    if (const auto one = world.connection(server)) i & 8 ? one->close() : one->destroy({});
    if (!CHECK(world.closes(client) && world.closes(server))) return;
  }
}

TEST(aThousandConnectionsLeaveNothingBehind) {
  World world;
  world.listen();
  const auto cycle = [&](int i) {
    const Id client = world.connect();
    const Id server = world.accept();
    CHECK(world.send(client, "x"));
    if (i % 3 == 0) world.connection(server)->close();
    if (i % 3 == 1) world.connection(client)->close();
    if (i % 3 == 2) world.connection(client)->destroy({});
    return CHECK(world.closes(client) && world.closes(server));
  };
  for (int i = 0; i < 20; ++i) cycle(i);
  const int before = openHandles();
  for (int i = 0; i < 1000; ++i)
    if (!cycle(i)) return;
  CHECK(openHandles() <= before + kSpareHandles);
  CHECK(world.retained() == 1);
}

// What another thread does with the handle must be over before it is closed.
TEST(identityIsTakenWhileTheConnectionEnds) {
  World world;
  const ListenOptions options = world.listenOptions();
  world.listen(options);
  for (int round = 0; round < 60; ++round) {
    RawPeer client = RawPeer::connect(options);
    const Id id = world.accept();
    CHECK(client.write(framed("who I am comes with this")));
    CHECK(world.receives(id, 1));
    const auto connection = world.connection(id);
    std::atomic<bool> asked{false};
    std::thread asks([&] {
      CHECK(connection->identity(/*to_act=*/false));
      asked = true;
      for (int i = 0; i < 40; ++i) {
        const auto identity = connection->identity(/*to_act=*/false);
        if (!identity) CHECK(same(identity.failure, "EPIPE"));
      }
    });
    while (!asked) std::this_thread::yield();
    if (round % 3 == 0) client.leave();
    if (round % 3 == 1) connection->close();
    if (round % 3 == 2) connection->destroy({});
    CHECK(world.closes(id));
    asks.join();
    // Whose client has left is still known, where the system lets its identity be kept; who closed it is done with it.
    const auto identity = connection->identity(false);
    if (!identity) CHECK(same(identity.failure, "EPIPE"));
    if (round % 3 != 0) CHECK(!identity);
  }
}

}  // namespace framepipe::test
