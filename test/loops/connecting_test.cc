// Connecting: at once, or with the reason why not.
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

TEST(aFrameEachWay) {
  World world;
  const auto pair = world.pair();
  CHECK(world.send(pair.client, "hello"));
  CHECK(world.receives(pair.server, 1));
  CHECK(world.send(pair.server, "and back"));
  CHECK(world.receives(pair.client, 1));
  CHECK(world.story(pair.server).frames == std::vector<std::string>{"hello"});
  CHECK(world.story(pair.client).frames == std::vector<std::string>{"and back"});
  for (const Id id : {pair.client, pair.server}) CHECK(world.connection(id)->peer().pid == ownProcessId());
  const Traffic client = world.connection(pair.client)->traffic(), server = world.connection(pair.server)->traffic();
  CHECK(client.bytes_out == 9 && client.frames_out == 1 && client.bytes_in == 12 && client.frames_in == 1);
  CHECK(server.bytes_in == 9 && server.frames_in == 1 && server.bytes_out == 12 && server.frames_out == 1);
}

TEST(nobodyServesIt) {
  World world;
  const Failure failure = world.refusal(world.connectOptions());
  CHECK(same(failure, "ENOENT"));
  CHECK(failure.os == 2);  // as both systems say it
  ConnectOptions options = world.connectOptions();
  options.path = "";
  CHECK(same(world.refusal(options), "EINVAL"));
  CHECK(world.retained() == 0);
}

TEST(connectSendAndLeaveAtOnce) {
  World world;
  world.listen();
  const Id client = world.connect();
  CHECK(world.send(client, "brief", false));
  world.connection(client)->close();
  const Id server = world.accept();
  CHECK(world.closes(server) && world.closes(client));
  CHECK(world.story(server).frames == std::vector<std::string>{"brief"});
  CHECK(!world.story(server).close_failure && !world.story(client).close_failure);
}

TEST(ownServersAreTrusted) {
  World world;
  world.listen();
  ConnectOptions options = world.connectOptions();
  options.server_owners = {{.kind = Principal::Kind::Owner}};
  CHECK(world.connect(options) != 0);
}

TEST(aServerThatIsNotFramepipe) {
  World world;
  RawServer server(world.path());
  const Id id = world.connect();
  RawPeer peer = server.accept();
  CHECK(world.send(id, "hello"));
  CHECK(world.read(peer, 9) == framed("hello"));
  CHECK(peer.write(framed("welcome")));
  CHECK(world.receives(id, 1));
  peer.leave();
  CHECK(world.closes(id));
  CHECK(world.story(id).frames == std::vector<std::string>{"welcome"});
  CHECK(world.story(id).ended && !world.story(id).end_failure && !world.story(id).close_failure);
}

TEST(directionsAreKept) {
  for (const Direction direction : {Direction::In, Direction::Out}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.direction = direction;
    const auto pair = world.pair(options);
    const Id from = direction == Direction::In ? pair.client : pair.server;
    const Id to = direction == Direction::In ? pair.server : pair.client;
    CHECK(world.until([&] { return world.story(from).ended; }));  // there is nothing to read
    CHECK(!world.story(from).end_failure);
    const Failure refused = world.send(to, "x").failure;
    CHECK(same(refused, "EPIPE") && refused.hint);
    CHECK(world.send(from, "one way"));
    CHECK(world.receives(to, 1));
    CHECK(world.story(to).frames == std::vector<std::string>{"one way"});
    CHECK(world.rests(50));
    CHECK(!world.story(from).closed && !world.story(to).closed);
    world.connection(to)->close();
    CHECK(world.closes(to) && world.closes(from));  // without writing once more
    CHECK(!world.story(from).close_failure);
  }
}

TEST(anEndThatOnlyReceivesReadsToTheEnd) {
  World world;
  ListenOptions options = world.listenOptions();
  options.direction = Direction::In;
  RawPeer client;
  const Id id = world.acceptRaw(client, options);
  CHECK(client.write(framed("1") + framed("2")));
  client.leave();
  CHECK(world.closes(id));
  CHECK(world.story(id).frames.size() == 2 && !world.story(id).close_failure);
}

TEST(keepAliveCounts) {
  World world;
  const Id listener = world.listen();
  CHECK(world.retained() == 1);
  const Id client = world.connect();
  const Id server = world.accept();
  CHECK(world.retained() == 3);
  world.loop().listener(listener)->keepAlive(false);
  world.connection(client)->keepAlive(false);
  world.connection(client)->keepAlive(false);
  CHECK(world.retained() == 1);
  world.connection(client)->keepAlive(true);
  CHECK(world.retained() == 2);
  world.connection(client)->close();
  CHECK(world.closes(client) && world.closes(server));
  CHECK(world.retained() == 0);
}

}  // namespace framepipe::test
