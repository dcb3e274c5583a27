// Accepting: nobody is lost, nobody is let in who may not, and nothing stops it.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness.h"

namespace framepipe::test {

TEST(aClientThatWritesAndLeavesIsServed) {
  World world;
  world.listen();
  for (int i = 0; i < 10; ++i) {
    const int client = rawConnect(world.path());
    CHECK(writeAll(client, framed("hello") + framed("world")));
    ::close(client);
  }
  for (int i = 0; i < 10; ++i) {
    const Id id = world.accept();
    CHECK(world.until([&] { return world.story(id).closed; }));
    CHECK((world.story(id).frames == std::vector<std::string>{"hello", "world"}));
    CHECK(world.story(id).ended && !world.story(id).end_failure && !world.story(id).close_failure);
    CHECK(world.connection(id) == nullptr);
  }
}

TEST(thePeerIsKnownWhenItHasLeft) {
  World world;
  world.listen();
  Peer peer;
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Closed) peer = world.connection(event.id)->peer();
  };
  CHECK(inChild([&] { return rawConnect(world.path()) < 0; }) == 0);
  CHECK(world.until([&] { return peer.pid > 0; }));
  CHECK(peer.uid == ::getuid() && peer.gid == ::getgid() && peer.pid != ::getpid());
}

TEST(twoHundredClientsAtOnce) {
  World world;
  world.listen();
  std::vector<int> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(rawConnect(world.path()));
    CHECK(clients.back() >= 0);
    CHECK(writeAll(clients.back(), framed(std::to_string(i))));
  }
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Frames) world.send(event.id, world.story(event.id).frames.back());
  };
  CHECK(world.until([&] { return world.accepted.size() == 200; }));
  // First come, first served.
  CHECK(world.until([&] { return !world.story(world.accepted.back()).frames.empty(); }));
  for (int i = 0; i < 200; ++i) {
    CHECK(world.story(world.accepted[i]).frames.front() == std::to_string(i));
    const std::string reply = framed(std::to_string(i));
    CHECK(world.read(clients[i], reply.size()) == reply);
    ::close(clients[i]);
  }
  CHECK(world.until([&] { return world.story(world.accepted.back()).closed; }));
}

TEST(noMoreThanMaxInstancesAtOnce) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 2;
  world.listen(options);
  int clients[4];
  for (int& client : clients) {
    client = rawConnect(world.path());
    CHECK(writeAll(client, framed("x")));
  }
  CHECK(world.until([&] { return world.accepted.size() == 2; }));
  CHECK(world.turns(100) < 60);
  CHECK(world.accepted.size() == 2);
  ::close(clients[0]);
  CHECK(world.until([&] { return world.accepted.size() == 3; }));
  world.connection(world.accepted[1])->destroy({});
  CHECK(world.until([&] { return world.accepted.size() == 4; }));
  for (int i = 1; i < 4; ++i) ::close(clients[i]);
  CHECK(world.until([&] { return world.story(world.accepted[3]).closed; }));
}

TEST(withoutDescriptorsItWaitsAndGoesOn) {
  World world;
  world.listen();
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(rawConnect(world.path()));
  const int free = ::dup(0);
  ::close(free);
  const rlimit little{static_cast<rlim_t>(free + 4), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &little);
  CHECK(world.until([&] { return world.accepted.size() == 4; }));
  const int turns = world.turns(200);
  CHECK(turns < 120);
  CHECK(world.accepted.size() == 4);
  world.connection(world.accepted[0])->destroy({});
  CHECK(world.until([&] { return world.accepted.size() == 5; }));  // by the connection that closed
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(world.until([&] { return world.accepted.size() == 8; }));  // by itself
  for (const int client : clients) ::close(client);
  CHECK(world.until([&] { return world.story(world.accepted.back()).closed; }));
}

TEST(othersAreTurnedAwayAndAcceptingGoesOn) {
  if (::geteuid() != 0) return;
  World world;
  const Id id = world.listen();
  CHECK(inChild([&] { return rawConnect(world.path()) < 0 && errno == EACCES ? 0 : 1; }, 65534) == 0);
  ::chmod(world.path().c_str(), 0666);  // as if the file system did not care: the kernel's word counts
  const auto other = [&] {
    const int fd = rawConnect(world.path());
    return fd >= 0 && writeAll(fd, framed("let me in")) ? 0 : 1;
  };
  CHECK(inChild(other, 65534) == 0);
  const int own = rawConnect(world.path());
  CHECK(world.accept() != 0);
  world.run(20);
  CHECK(world.accepted.size() == 1);
  ::close(own);
  CHECK(!world.loop().listener(id)->setAccess(Access::Authenticated, ""));
  CHECK(inChild(other, 65534) == 0);
  const Id stranger = world.accept();
  CHECK(world.until([&] { return world.story(stranger).closed; }));
  CHECK(world.story(stranger).frames.size() == 1);
}

TEST(closingLetsOpenConnectionsLive) {
  World world;
  int client;
  const Id id = world.acceptRaw(client);
  CHECK(world.retained() == 2);
  Id listener = 0;
  for (Id candidate = 1; !listener && candidate < 1u << 22; ++candidate)
    if (world.loop().listener(candidate)) listener = candidate;
  world.loop().listener(listener)->keepAlive(false);
  CHECK(world.retained() == 1);
  world.loop().listener(listener)->close();
  world.loop().listener(listener)->close();
  CHECK(world.until([&] { return world.unlistened == std::vector<Id>{listener}; }));
  CHECK(rawConnect(world.path()) < 0);
  CHECK(world.send(id, "still here"));
  CHECK(world.read(client, 14) == framed("still here"));
  ::close(client);
  CHECK(world.until([&] { return world.story(id).closed; }));
  CHECK(world.unlistened.size() == 1);
}

TEST(closingWhileClientsAreAccepted) {
  for (const bool at_once : {true, false}) {
    World world;
    const Id listener = world.listen();
    std::vector<int> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(rawConnect(world.path()));
    world.on_event = [&](const Event& event) {
      if (event.kind != Event::Kind::Accepted) return;
      if (const auto one = world.loop().listener(listener)) one->close();
      if (at_once) world.connection(event.other)->destroy({});
    };
    CHECK(world.until([&] { return !world.unlistened.empty(); }));
    for (const int client : clients) ::close(client);
    for (const Id id : world.accepted) CHECK(world.until([&] { return world.story(id).closed; }));
  }
}

TEST(stopInTheMidstOfAccepting) {
  for (int turns = 0; turns < 4; ++turns) {
    World world;
    world.listen();
    std::vector<int> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(rawConnect(world.path()));
    for (int i = 0; i < turns; ++i) uv_run(world.uvLoop(), UV_RUN_ONCE);
    world.stop();
    for (const int client : clients) {
      CHECK(readAll(client).empty());
      ::close(client);
    }
  }
}

TEST(stopOfALoopThatWasNeverUsed) {
  World world;
  int calls = 0;
  for (int i = 0; i < 2; ++i) world.loop().stop([](void* n) { ++*static_cast<int*>(n); }, &calls);
  CHECK(calls == 2);
  CHECK(same(world.loop().listen(world.listenOptions()).failure, "ECANCELED"));
  CHECK(same(world.loop().connect(world.connectOptions(), 1).failure, "ECANCELED"));
}

}  // namespace framepipe::test
