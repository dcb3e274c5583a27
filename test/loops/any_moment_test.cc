// Everything in any order, and the end at any moment. What record() and the harness check is checked all the time.
#include <random>

#include "loops/world.h"

namespace framepipe::test {

namespace {

class Chaos {
 public:
  Chaos(World& world, unsigned seed) : world_(world), random_(seed) {
    options_ = world.listenOptions();
    options_.high_water_mark = 2000;
    options_.max_instances = 40;
    world.listen(options_);
    world.on_event = [this](const Event& event) {
      const Id id = event.kind == Event::Kind::Accepted ? event.other : event.id;
      if (const auto one = world_.connection(id)) act(id, *one);
    };
  }

  void step() {
    const unsigned action = random_() % 7;
    if (action == 0 && clients_.size() < 30) {
      if (RawPeer client = RawPeer::connect(options_, /*wait=*/0)) clients_.push_back(std::move(client));
    } else if (action == 1 && own_.size() < 30) {
      ConnectOptions there = world_.connectOptions();
      there.high_water_mark = 2000;
      if (const auto id = world_.loop().connect(there, 1)) own_.push_back(id.value);
    } else if (!clients_.empty() && action < 6) {
      ofClient(random_() % clients_.size());
    } else if (!own_.empty()) {
      ofOwn(own_[random_() % own_.size()]);
    }
    if (chance(2)) world_.turn();
  }

  void end() {
    clients_.clear();
    for (const Id id : own_)
      if (const auto one = world_.connection(id)) one->destroy({});
    world_.on_event = nullptr;
    CHECK(world_.until([&] {
      for (const auto& ids : {world_.accepted, own_})
        for (const Id id : ids)
          if (world_.connection(id)) return false;
      return true;
    }));
  }

 private:
  bool chance(unsigned of) { return random_() % of == 0; }

  void act(Id id, Connection& one) {
    if (chance(3)) world_.send(id, std::string(random_() % 5000, 's'), chance(2));
    if (chance(10)) one.waitForDrain(++request_);
    if (chance(10)) one.cancelDrain(request_);
    if (chance(12)) one.close();
    if (chance(15)) one.destroy({});
    if (chance(20)) one.keepAlive(chance(2));
  }

  void ofClient(size_t which) {
    const std::string wire = framed(std::string(random_() % 3000, 'c'));
    switch (random_() % 6) {
      case 0:
      case 1:
      case 2:
        clients_[which].write(chance(8) ? std::string_view(wire).substr(0, wire.size() / 2) : wire, /*wait=*/0);
        break;
      case 3:
      case 4:
        clients_[which].read(4096, /*wait=*/0);
        break;
      case 5:
        clients_.erase(clients_.begin() + static_cast<long>(which));
        break;
    }
  }

  void ofOwn(Id id) {
    const auto one = world_.connection(id);
    if (!one) {
      std::erase(own_, id);
      return;
    }
    world_.send(id, std::string(random_() % 4000, 'o'), chance(2));
    if (chance(8)) one->close();
    if (chance(8)) one->destroy({});
  }

  World& world_;
  std::mt19937 random_;
  ListenOptions options_;
  std::vector<RawPeer> clients_;
  std::vector<Id> own_;
  Id request_ = 1000;
};

}  // namespace

TEST(anythingAtAnyMoment) {
  World world;
  Chaos chaos(world, 20);
  // A machine that is busy with other things comes to less in each step.
  for (int step = 0; step < 6000 || world.accepted.size() <= 200; ++step) chaos.step();
  chaos.end();
  CHECK(world.retained() == 1);
}

TEST(stopInTheMidstOfAnything) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    World world;
    Chaos chaos(world, seed);
    for (unsigned step = 0; step < 20 * seed; ++step) chaos.step();
    world.stop();
  }
}

TEST(trafficIsCutAtRandom) {
  World world;
  world.listen();
  std::mt19937 random(12345);
  for (int i = 0; i < 150; ++i) {
    const Id client = world.connect();
    const Id server = world.accept();
    const unsigned cut = random() % 25;
    for (unsigned n = 0; n < 20; ++n) {
      for (const Id id : {client, server}) world.send(id, std::string(random() % 70'000, 'z'));
      const Id victim = random() % 2 ? client : server;
      if (const auto one = world.connection(victim); one && n == cut) one->destroy({});
      world.turn();
      world.story(client).frames.clear();
      world.story(server).frames.clear();
    }
    for (const Id id : {client, server})
      if (const auto one = world.connection(id)) one->close();
    if (!CHECK(world.closes(client) && world.closes(server))) return;
  }
}

TEST(stopAtAnyMoment) {
  for (int i = 0; i < 60; ++i) {
    World world;
    ListenOptions options = world.listenOptions();
    options.pending_instances = 8;
    world.listen(options);
    std::vector<RawPeer> clients;
    for (int n = 0; n < i % 5; ++n) clients.push_back(RawPeer::connect(options));
    if (i % 7 > 1) {
      const Id client = world.connect();
      if (i % 7 > 2) CHECK(world.send(client, std::string(i % 7 == 3 ? 10 : 1 << 20, 'x')));
      if (i % 7 > 4) world.turn();
      if (i % 7 == 6) world.connection(client)->waitForDrain(5);
    }
    world.stop();
  }
}

TEST(stopInTheMidstOfAccepting) {
  for (int turns = 0; turns < 4; ++turns) {
    World world;
    const ListenOptions options = world.listenOptions();
    world.listen(options);
    std::vector<RawPeer> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(RawPeer::connect(options));
    for (int i = 0; i < turns; ++i) world.turn();
    world.stop();
    for (const RawPeer& client : clients) CHECK(client.readToEnd().bytes.empty());
  }
}

TEST(everyEventStopsTheLoop) {
  using Kind = Event::Kind;
  for (const Kind kind : {Kind::Accepted, Kind::Frames, Kind::Ended, Kind::Closed}) {
    World world;
    bool stopping = false, done = false;
    world.on_event = [&](const Event& event) {
      if (event.kind != kind || stopping) return;
      stopping = true;
      world.loop().stop([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
    };
    world.listen();
    {
      const RawPeer client = RawPeer::connect(world.listenOptions());
      CHECK(client.write(framed("one")));
    }
    CHECK(world.until([&] { return done; }));
  }
}

TEST(stopOfALoopThatWasNeverUsed) {
  World world;
  int calls = 0;
  for (int i = 0; i < 2; ++i) world.loop().stop([](void* n) { ++*static_cast<int*>(n); }, &calls);
  CHECK(calls == 2);
  CHECK(same(world.loop().listen(world.listenOptions()).failure, "ECANCELED"));
  CHECK(same(world.refusal(world.connectOptions()), "ECANCELED"));
}

}  // namespace framepipe::test
