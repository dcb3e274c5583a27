// How much of what is sent Windows is given at once.
#include <windows.h>

#include "loops/world.h"

namespace framepipe::test {

namespace {

constexpr size_t kBuffer = 64 << 10;

// What Windows holds for this client, in the pipe's buffer and in a write that waits.
size_t held(const RawPeer& client) {
  DWORD bytes = 0;
  CHECK(PeekNamedPipe(reinterpret_cast<HANDLE>(client.handle()), nullptr, 0, nullptr, &bytes, nullptr));
  return bytes;
}

}  // namespace

TEST(aPeerThatHasReadNothingYetCostsLittleOfWindowsMemory) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(8 << 20, 'w')));
  CHECK(world.until([&] { return held(client) >= kBuffer; }));
  world.run(50);
  CHECK(held(client) <= 3 * kBuffer);  // the buffer, and one write that waits
}

TEST(aPeerThatKeepsUpIsGivenFramesWhole) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(8 << 20, 'w')));
  CHECK(client.read(4 << 20).size() == 4 << 20);
  CHECK(world.until([&] { return held(client) >= (1u << 20); }));
  CHECK(held(client) <= (2u << 20));
}

// Windows tells of a write when all of it was taken: a large one hides for long that a slow peer takes it at all.
TEST(whereTimeIsLimitedEach64KiBThatAPeerReadsAreSeen) {
  for (const Timeouts& timeouts : {Timeouts{.idle = 100'000}, Timeouts{.write = 100'000}}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.timeouts = timeouts;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    CHECK(world.send(id, std::string(8 << 20, 'w')));
    CHECK(client.read(4 << 20).size() == 4 << 20);  // it keeps up, and then does not
    for (int i = 0; i < 20; ++i) {
      world.run(20);
      const uint64_t before = world.connection(id)->traffic().bytes_out;
      CHECK(client.read(kBuffer).size() == kBuffer);
      CHECK(world.until([&] { return world.connection(id)->traffic().bytes_out > before; }, 2));
    }
  }
}

}  // namespace framepipe::test
