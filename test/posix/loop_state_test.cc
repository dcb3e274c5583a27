// What connections share: crossings to JavaScript, and memory.
#include "loops/world.h"
#include "posix/recent_readers.h"

namespace framepipe::test {

TEST(whatManyTellInOneRoundIsDeliveredAtOnce) {
  World world;
  const ListenOptions options = world.listenOptions();
  world.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 32; ++i) clients.push_back(RawPeer::connect(options));
  CHECK(world.until([&] { return world.accepted.size() == clients.size(); }));
  world.run(20);
  for (const RawPeer& client : clients) CHECK(client.write(framed("x")));
  const int before = world.deliveries;
  CHECK(world.until([&] { return !world.story(world.accepted.back()).frames.empty(); }));
  for (const Id id : world.accepted) CHECK(world.story(id).frames.size() == 1);
  CHECK(world.deliveries == before + 1);
}

TEST(whatIsMuchIsDeliveredWithoutWaitingForOthers) {
  World world;
  const ListenOptions options = world.listenOptions();
  world.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(RawPeer::connect(options));
  CHECK(world.until([&] { return world.accepted.size() == clients.size(); }));
  world.run(20);
  for (const RawPeer& client : clients) CHECK(client.write(framed(std::string(80'000, 'x'))));
  const int before = world.deliveries;
  CHECK(world.until([&] { return !world.story(world.accepted.back()).frames.empty(); }));
  CHECK(world.deliveries >= before + 8);
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

}  // namespace framepipe::test
