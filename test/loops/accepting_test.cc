// Accepting: nobody is lost, nobody is made up, and nothing stops it but close().
#include <algorithm>
#include <atomic>
#include <thread>

#include "loops/world.h"

namespace framepipe::test {

namespace {

bool allClosed(World& world) {
  return std::all_of(world.accepted.begin(), world.accepted.end(), [&](Id id) { return world.story(id).closed; });
}

}  // namespace

// They come, too, while this thread is held up and nobody accepts them yet.
TEST(clientsThatWriteAndLeaveAreServedInOrder) {
  World world;
  ListenOptions options = world.listenOptions();
  options.pending_instances = 1;
  world.listen(options);
  constexpr size_t kClients = 300;
  std::thread clients([&] {
    for (size_t i = 0; i < kClients; ++i) {
      const RawPeer client = RawPeer::connect(options);
      CHECK(client);
      CHECK(client.write(framed("hello") + framed(std::to_string(i))));
    }
  });
  CHECK(world.until([&] { return world.accepted.size() == kClients && allClosed(world); }, 30));
  clients.join();
  for (size_t i = 0; i < world.accepted.size(); ++i) {
    const Story& story = world.story(world.accepted[i]);
    CHECK((story.frames == std::vector<std::string>{"hello", std::to_string(i)}));
    CHECK(story.ended && !story.end_failure && !story.close_failure);
    CHECK(world.connection(world.accepted[i]) == nullptr);
  }
}

TEST(twoHundredClientsAtOnce) {
  World world;
  ListenOptions options = world.listenOptions();
  options.backlog = 200;
  world.listen(options);
  std::vector<RawPeer> clients;
  for (size_t i = 0; i < 200; ++i) {
    clients.push_back(RawPeer::connect(options));
    CHECK(clients.back());
    CHECK(clients.back().write(framed(std::to_string(i))));
  }
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Frames) world.send(event.id, world.story(event.id).frames.back());
  };
  CHECK(world.until([&] { return world.accepted.size() == clients.size(); }));
  for (size_t i = 0; i < world.accepted.size(); ++i) {  // first come, first served
    CHECK(world.receives(world.accepted[i], 1));
    CHECK(world.story(world.accepted[i]).frames.front() == std::to_string(i));
    const std::string reply = framed(std::to_string(i));
    CHECK(world.read(clients[i], reply.size()) == reply);
  }
  clients.clear();
  CHECK(world.until([&] { return allClosed(world); }));
}

TEST(clientsWhoHadConnectedAreAcceptedThoughTheServerCloses) {
  World world;
  ListenOptions options = world.listenOptions();
  options.pending_instances = 10;
  const Id listener = world.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(RawPeer::connect(options));
    CHECK(clients.back().write(framed("hello")));
  }
  world.loop().listener(listener)->close();
  CHECK(world.until([&] { return world.unlistened.size() == 1; }));
  CHECK(world.accepted.size() == clients.size());
  for (size_t i = 0; i < world.accepted.size(); ++i) {
    CHECK(world.receives(world.accepted[i], 1));
    CHECK(world.send(world.accepted[i], "reply"));
    CHECK(world.read(clients[i], framed("reply").size()) == framed("reply"));
  }
}

TEST(clientsAreLetInWhileJavaScriptIsBusy) {
  World world;
  ListenOptions options = world.listenOptions();
  options.pending_instances = 2;
  world.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(RawPeer::connect(options));
    CHECK(clients.back());
  }
  CHECK(world.accepted.empty());
  CHECK(world.until([&] { return world.accepted.size() == 50; }));
}

TEST(noMoreThanMaxInstancesAtOnce) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 2;
  world.listen(options);
  std::atomic<bool> over{false};
  std::vector<std::thread> clients;
  std::vector<RawPeer> inside(2);
  for (RawPeer& client : inside) {
    client = RawPeer::connect(options);
    world.accept();
  }
  for (int i = 0; i < 2; ++i)
    clients.emplace_back([&] {
      const RawPeer client = RawPeer::connect(options);
      CHECK(client.write(framed("x")));
      while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  world.run(100);
  CHECK(world.accepted.size() == 2);
  inside[0].leave();
  CHECK(world.receives(world.accept(), 1));
  world.run(50);
  CHECK(world.accepted.size() == 3);
  world.connection(world.accepted[1])->destroy({});
  CHECK(world.receives(world.accept(), 1));
  CHECK(world.accepted.size() == 4);
  over = true;
  for (std::thread& client : clients) client.join();
  CHECK(world.until([&] { return allClosed(world); }));
}

TEST(aServerThatIsFullRests) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 1;
  RawPeer inside;
  const Id id = world.acceptRaw(inside, options);
  const RawPeer outside = RawPeer::connect(options, /*wait=*/10);
  CHECK(world.rests(100));
  CHECK(world.accepted.size() == 1);
  inside.leave();
  CHECK(world.closes(id));
}

TEST(theOnlyInstanceIsMadeAnew) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 1;
  world.listen(options);
  for (int i = 0; i < 50; ++i) {
    const Id client = world.connect();
    const Id server = world.accept();
    world.connection(i % 2 ? client : server)->close();
    CHECK(world.closes(client) && world.closes(server));
  }
}

TEST(aNameIsServedByOne) {
  World world, other;
  world.listen();
  for (Loop* loop : {&world.loop(), &other.loop()})
    CHECK(same(loop->listen(world.listenOptions()).failure, "EADDRINUSE"));
  world.run(30);
  CHECK(world.accepted.empty());
  world.connect();
  CHECK(world.accept() != 0);
}

TEST(aNameIsFreeAgainAtOnce) {
  World world;
  for (size_t i = 0; i < 50; ++i) {
    const Id listener = world.listen();
    const Id client = world.connect();
    const Id server = world.accept();
    world.loop().listener(listener)->close();
    CHECK(world.until([&] { return world.unlistened.size() == i + 1; }));
    CHECK(world.loop().listener(listener) == nullptr);
    world.connection(client)->destroy({});
    CHECK(world.closes(client) && world.closes(server));
  }
  CHECK(world.retained() == 0);
}

TEST(aListenerThatClosesLetsConnectionsLive) {
  World world;
  const Id listener = world.listen();
  const RawPeer client = RawPeer::connect(world.listenOptions());
  const Id id = world.accept();
  CHECK(world.retained() == 2);
  world.loop().listener(listener)->keepAlive(false);
  CHECK(world.retained() == 1);
  world.loop().listener(listener)->close();
  world.loop().listener(listener)->close();
  CHECK(world.until([&] { return world.unlistened == std::vector<Id>{listener}; }));
  CHECK(world.loop().listener(listener) == nullptr);
  CHECK(same(world.refusal(world.connectOptions()), kListenerIsGone));
  CHECK(world.send(id, "still here"));
  CHECK(world.read(client, 14) == framed("still here"));
  CHECK(client.write(framed("and heard")));
  CHECK(world.receives(id, 1));
  world.run(20);
  CHECK(world.unlistened.size() == 1);
}

TEST(aListenerClosesWhileClientsCome) {
  for (size_t round = 0; round < 40; ++round) {
    World world;
    ListenOptions options = world.listenOptions();
    options.pending_instances = 8;
    const Id listener = world.listen(options);
    std::atomic<bool> over{false};
    std::atomic<size_t> came{0};
    std::thread clients([&] {
      while (!over) {
        const RawPeer client = RawPeer::connect(options, /*wait=*/0);
        if (!client) continue;
        ++came;
        client.write(framed("x"));
      }
    });
    CHECK(world.until([&] { return world.accepted.size() > round % 10; }));
    world.loop().listener(listener)->close();
    CHECK(world.until([&] { return !world.unlistened.empty(); }));
    over = true;
    clients.join();
    CHECK(world.until([&] { return allClosed(world); }));
    CHECK(came >= world.accepted.size());  // nobody is made up
  }
}

TEST(aListenerClosesInTheMidstOfAccepting) {
  for (const bool at_once : {true, false}) {
    World world;
    const ListenOptions options = world.listenOptions();
    const Id listener = world.listen(options);
    std::vector<RawPeer> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(RawPeer::connect(options));
    world.on_event = [&](const Event& event) {
      if (event.kind != Event::Kind::Accepted) return;
      if (const auto one = world.loop().listener(listener)) one->close();
      if (at_once) world.connection(event.other)->destroy({});
    };
    CHECK(world.until([&] { return !world.unlistened.empty(); }));
    clients.clear();
    CHECK(world.until([&] { return allClosed(world); }));
  }
}

}  // namespace framepipe::test
