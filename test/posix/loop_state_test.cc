// What connections share: crossings to JavaScript, and memory.
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "posix/recent_readers.h"

namespace framepipe::test {

TEST(whatManyTellInOneRoundIsDeliveredAtOnce) {
  World world;
  world.listen();
  std::vector<int> clients;
  for (int i = 0; i < 32; ++i) clients.push_back(rawConnect(world.path()));
  CHECK(world.until([&] { return world.accepted.size() == clients.size(); }));
  world.run(20);
  for (const int client : clients) CHECK(writeAll(client, framed("x")));
  const int before = world.deliveries;
  CHECK(world.until([&] { return !world.story(world.accepted.back()).frames.empty(); }));
  for (const Id id : world.accepted) CHECK(world.story(id).frames.size() == 1);
  CHECK(world.deliveries == before + 1);
  for (const int client : clients) ::close(client);
  CHECK(world.until([&] { return world.story(world.accepted.back()).closed; }));
}

TEST(whatIsMuchIsDeliveredWithoutWaitingForOthers) {
  World world;
  world.listen();
  std::vector<int> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(rawConnect(world.path()));
  CHECK(world.until([&] { return world.accepted.size() == clients.size(); }));
  world.run(20);
  for (const int client : clients) CHECK(writeAll(client, framed(std::string(80'000, 'x'))));
  const int before = world.deliveries;
  CHECK(world.until([&] { return !world.story(world.accepted.back()).frames.empty(); }));
  CHECK(world.deliveries >= before + 8);
  for (const int client : clients) ::close(client);
  CHECK(world.until([&] { return world.story(world.accepted.back()).closed; }));
}

TEST(onlyTheLastReadersKeepTheirBlock) {
  struct Reader final : posix::RecentReaders::Reader {
    int rested = 0;
    void rest() override { ++rested; }
  };
  posix::RecentReaders readers;
  std::vector<std::unique_ptr<Reader>> recent;
  for (int i = 0; i < 66; ++i) recent.push_back(std::make_unique<Reader>());
  for (int i = 0; i < 64; ++i) readers.add(*recent[i]);
  readers.add(*recent[0]);  // it is among them already
  for (int i = 0; i < 64; ++i) CHECK(recent[i]->rested == 0);
  readers.add(*recent[64]);
  CHECK(recent[0]->rested == 1 && recent[1]->rested == 0);
  readers.remove(*recent[0]);
  readers.remove(*recent[1]);
  recent[1].reset();  // and nobody remembers it
  readers.add(*recent[0]);
  readers.add(*recent[65]);
  CHECK(recent[0]->rested == 1 && recent[2]->rested == 1);
}

TEST(aLargerBufferIsTheKernels) {
  size_t taken[2];
  for (const bool large : {false, true}) {
    World world;
    ListenOptions options = world.listenOptions();
    if (large) options.out_buffer = 400u << 10;
    int client;
    const Id id = world.acceptRaw(client, options);
    CHECK(world.send(id, std::string(2u << 20, 'b')));
    taken[large] = world.connection(id)->traffic().bytes_out;
    ::close(client);
    CHECK(world.until([&] { return world.story(id).closed; }));
  }
  CHECK(taken[0] > 100'000);
  CHECK(taken[1] > taken[0] * 3 / 2);
}

}  // namespace framepipe::test
