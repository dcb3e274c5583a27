// What the kernel keeps, how it tells of that, and what it does not take.
#include <sys/socket.h>

#include "loops/world.h"

namespace framepipe::test {

TEST(aLargerBufferIsTheKernels) {
  size_t taken[2];
  for (const bool large : {false, true}) {
    World world;
    ListenOptions options = world.listenOptions();
    if (large) options.out_buffer = 400u << 10;
    RawPeer client;
    const Id id = world.acceptRaw(client, options);
    CHECK(world.send(id, std::string(2u << 20, 'b')));
    taken[large] = world.connection(id)->traffic().bytes_out;
  }
  CHECK(taken[0] > 100'000);
  CHECK(taken[1] > taken[0] * 3 / 2);
}

TEST(drainIsNotPutOffByWhatIsSentLater) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, std::string(50'000, '1')));
  world.connection(id)->waitForDrain(1);
  // The kernel counts memory, not bytes: some more has to be read than was sent before.
  for (int i = 0; i < 100 && world.settled.empty(); ++i) {
    CHECK(world.send(id, std::string(50'000, '2')));
    world.read(client, 50'004);
    world.run(5);
  }
  CHECK(world.settled.count(1) == 1 && world.settled[1]);
}

// The kernel knows it when nobody was there to be told.
TEST(drainSucceedsWhenThePeerReadsAllAndLeavesAtOnce) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(world.send(id, "read"));
  world.connection(id)->waitForDrain(1);
  CHECK(client.read(8) == framed("read"));
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.settled.count(1) == 1 && world.settled[1]);
}

TEST(whatTheKernelCannotTakeIsRefusedBeforeItIsQueued) {
  World world;
  ListenOptions options = world.listenOptions(FramingKind::Message);
  options.framing.max_frame_length = 64u << 20;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  const Failure failure = world.send(id, std::string(32u << 20, 'x')).failure;
  CHECK(same(failure, "EMSGSIZE"));
  CHECK(failure.hint != nullptr);
  CHECK(world.send(id, std::string(300'000, 'y')));
  CHECK(client.readMessage().size() == 300'000);
}

TEST(outOfBandBytesDoNoHarm) {
  World world;
  ListenOptions options = world.listenOptions();
  options.framing.max_frame_length = 10;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  CHECK(client.write(framed("good") + framed(std::string(11, 'x'))));
  CHECK(world.until([&] { return world.story(id).ended; }));
  world.run(10);
  ::send(static_cast<int>(client.handle()), "!", 1, MSG_OOB);
  CHECK(world.rests(100));
  client.leave();
  CHECK(world.closes(id));
}

}  // namespace framepipe::test
