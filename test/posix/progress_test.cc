// What counts as progress where the kernel holds much of what was sent: by a clock of the test's own.
#include "loops/world.h"

namespace framepipe::test {

namespace {

// The loop's own looks, a second apart, may come between these, by another clock: then one of these counts for two.
constexpr uint64_t kLook = 100'000, kLimit = 3 * kLook;
constexpr size_t kRead = 64u << 10;

Id acceptLimited(World& world, RawPeer& client, const Timeouts& timeouts) {
  ListenOptions options = world.listenOptions();
  options.timeouts = timeouts;
  return world.acceptRaw(client, options);
}

}  // namespace

// The kernel says that it takes more only when most of its buffer is empty.
TEST(whoReadsSlowlyButSteadilyIsNeitherIdleNorStuck) {
  for (const Timeouts& timeouts : {Timeouts{.idle = kLimit}, Timeouts{.write = kLimit}}) {
    World world;
    RawPeer client;
    const Id id = acceptLimited(world, client, timeouts);
    CHECK(world.send(id, std::string(4u << 20, 'x')));
    const auto connection = world.connection(id);
    uint64_t now = 0;
    for (int i = 0; i < 60; ++i) {
      CHECK(world.read(client, kRead).size() == kRead);
      CHECK(connection->look(now += kLook, kLook));
    }
    bool goes_on = true;
    for (int i = 0; i < 4 && goes_on; ++i) goes_on = connection->look(now += kLook, kLook);
    CHECK(!goes_on);  // it reads no more
  }
}

// Nothing is queued any more, and what the kernel has is still on its way.
TEST(whoReadsWhatTheKernelHoldsIsNotIdle) {
  World world;
  RawPeer client;
  const Id id = acceptLimited(world, client, {.idle = kLimit});
  for (int i = 0; i < 15; ++i) CHECK(world.send(id, std::string(10'000, 'x')));
  const auto connection = world.connection(id);
  CHECK(connection->traffic().queued == 0);
  uint64_t now = 0;
  for (int i = 0; i < 15; ++i) {
    CHECK(client.read(10'004).size() == 10'004);
    CHECK(connection->look(now += kLook, kLook));
  }
  bool goes_on = true;
  for (int i = 0; i < 4 && goes_on; ++i) goes_on = connection->look(now += kLook, kLook);
  CHECK(!goes_on);
}

}  // namespace framepipe::test
