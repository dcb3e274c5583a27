// Everything at once.
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "harness.h"

namespace framepipe::test {

// Everything at once, in any order: what is checked is what record() and the harness check.
TEST(anythingAtAnyTime) {
  std::mt19937 random(20);
  const auto chance = [&](unsigned of) { return random() % of == 0; };
  World world;
  ListenOptions options = world.listenOptions();
  options.high_water_mark = 2000;
  options.max_instances = 40;
  world.listen(options);
  world.on_event = [&](const Event& event) {
    const Id id = event.kind == Event::Kind::Accepted ? event.other : event.id;
    const auto one = world.connection(id);
    if (!one) return;
    if (chance(3)) world.send(id, std::string(random() % 5000, 's'), chance(2));
    if (chance(10)) one->waitForDrain(1000 + id);
    if (chance(10)) one->cancelDrain(1000 + id);
    if (chance(12)) one->close();
    if (chance(15)) one->destroy({});
    if (chance(20)) one->keepAlive(chance(2));
  };
  std::vector<int> clients;
  std::vector<Id> own;
  for (int step = 0; step < 6000; ++step) {
    const unsigned action = random() % 7;
    if (action == 0 && clients.size() < 30) {
      const int fd = rawConnect(world.path());
      if (fd >= 0) clients.push_back(fd);
    } else if (action == 1 && own.size() < 30) {
      ConnectOptions there = world.connectOptions();
      there.high_water_mark = 2000;
      const auto id = world.loop().connect(there, 1);
      if (id) own.push_back(id.value);
    } else if (!clients.empty() && action < 6) {
      const size_t which = random() % clients.size();
      const int fd = clients[which];
      const std::string wire = framed(std::string(random() % 3000, 'c'));
      char buffer[4096];
      switch (random() % 6) {
        case 0:
        case 1:
        case 2:
          ::send(fd, wire.data(), chance(8) ? wire.size() / 2 : wire.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
          break;
        case 3:
          ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
          break;
        case 4:
          ::shutdown(fd, chance(2) ? SHUT_WR : SHUT_RD);
          break;
        case 5:
          ::close(fd);
          clients.erase(clients.begin() + static_cast<long>(which));
          break;
      }
    } else if (!own.empty()) {
      const Id id = own[random() % own.size()];
      const auto one = world.connection(id);
      if (!one) {
        std::erase(own, id);
      } else {
        world.send(id, std::string(random() % 4000, 'o'), chance(2));
        if (chance(8)) one->close();
        if (chance(8)) one->destroy({});
      }
    }
    if (chance(2)) uv_run(world.uvLoop(), UV_RUN_NOWAIT);
  }
  for (const int fd : clients) ::close(fd);
  for (const Id id : own)
    if (const auto one = world.connection(id)) one->destroy({});
  world.on_event = nullptr;
  CHECK(world.until([&] {
    for (const Id id : world.accepted)
      if (world.loop().connection(id)) return false;
    return true;
  }));
  CHECK(world.accepted.size() > 200);
  CHECK(world.retained() == 1);
}

}  // namespace framepipe::test
