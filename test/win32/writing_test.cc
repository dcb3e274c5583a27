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

}  // namespace framepipe::test
