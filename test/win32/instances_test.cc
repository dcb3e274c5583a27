// Instances and names of pipes, as only Windows has them.
#include <windows.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "loops/world.h"
#include "win32/pipe_loop.h"

namespace framepipe::test {

TEST(allInstancesAreTaken) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 2;
  const auto first = world.pair(options);
  world.connect();
  world.accept();
  CHECK(same(world.refusal(world.connectOptions()), "EAGAIN"));
  world.connection(first.client)->destroy({});
  Outcome<Id> again = Failure{"EAGAIN", "connect", 0, nullptr, {}};
  CHECK(world.until([&] { return bool(again = world.loop().connect(world.connectOptions(), 1)); }));
  CHECK(world.accept() != 0);
}

TEST(aNameIsSharedWhenAskedFor) {
  World world, other;
  ListenOptions options = world.listenOptions();
  options.exclusive = false;
  options.pending_instances = 1;
  world.listen(options);
  other.listen(options);
  size_t connected = 0;
  for (int i = 0; i < 500 && world.accepted.size() + other.accepted.size() < 10; ++i) {
    if (connected < 10 && world.loop().connect(world.connectOptions(), 1)) ++connected;
    world.run(2);
    other.turn();
  }
  CHECK(world.accepted.size() + other.accepted.size() == 10);
}

// Cancelling the wait for a client keeps nobody out.
TEST(aClientWhoComesWhileTheServerClosesIsServed) {
  struct Busy : win32::Operation {
    std::atomic<bool> begun{false}, over{false};
    void completed(const win32::Completion&) noexcept override {
      begun = true;
      while (!over) Sleep(1);
    }
  };
  World world;
  ListenOptions options = world.listenOptions();
  options.pending_instances = 2;
  const Id listener = world.listen(options);
  Busy busy;
  static_cast<win32::PipeLoop&>(world.loop()).port().post(&busy);
  while (!busy.begun) Sleep(1);
  world.loop().listener(listener)->close();
  const RawPeer client = RawPeer::connect(options);
  CHECK(client && client.write(framed("in between")));
  busy.over = true;
  CHECK(world.until([&] { return world.unlistened.size() == 1; }));
  CHECK(world.accepted.size() == 1 && world.receives(world.accepted[0], 1));
  CHECK(world.story(world.accepted[0]).frames[0] == "in between");
}

TEST(badNames) {
  World world;
  ListenOptions served = world.listenOptions();
  ConnectOptions there = world.connectOptions();
  for (const std::string& path :
       {std::string(), std::string("\\\\.\\pipe\\a\0b", 12), std::string("\\\\.\\pipe\\\xff\xfe"),
        std::string("C:\\framepipe-no-pipe"), std::string("framepipe"), std::string("\\\\.\\NUL"),
        std::string("\\\\.\\pipe\\"), std::string("\\\\?\\pipe\\x"),
        std::string("\\\\.\\pipe\\..\\UNC\\localhost\\pipe\\x"), std::string("//./pipe/../UNC/localhost/pipe/x"),
        std::string("\\\\.\\pipe\\..\\C:\\windows\\win.ini"), std::string("\\\\.\\pipe\\a\\..\\b"),
        std::string("\\\\.\\pipe\\x. "), std::string("\\\\.\\pipe\\x."), std::string("\\\\localhost\\c$\\pipe\\x"),
        std::string("\\\\localhost\\pipe\\..\\c$\\x"), std::string("\\\\localhost\\pipe\\")}) {
    served.path = there.path = path;
    if (!CHECK(same(world.loop().listen(served).failure, "EINVAL"))) std::printf("  %s\n", path.c_str());
    if (!CHECK(same(world.refusal(there), "EINVAL"))) std::printf("  %s\n", path.c_str());
  }
  CHECK(world.retained() == 0);
}

TEST(slashesAreUnderstood) {
  World world;
  world.listen();
  ConnectOptions there = world.connectOptions();
  std::replace(there.path.begin(), there.path.end(), '\\', '/');
  CHECK(world.connect(there) != 0);
}

// What may take long to open is opened on another thread.
TEST(aPipeOnAnotherMachine) {
  World world;
  ConnectOptions there = world.connectOptions();
  there.path = "\\\\localhost\\pipe\\framepipe-nobody-serves-this";
  const Outcome<Id> id = world.loop().connect(there, 6);
  CHECK(id && id.value == 0);  // it is settled later
  CHECK(world.retained() == 1);
  CHECK(world.settles(6) && world.settled[6].failure);
  CHECK(world.retained() == 0);
  there.path = "\\\\localhost\\pipe\\framepipe-too-late";
  CHECK(world.loop().connect(there, 7));  // one that is cut off
  world.stop();
}

TEST(theWrongDirectionIsRefused) {
  for (const Direction direction : {Direction::In, Direction::Out}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.direction = direction;
    world.listen(options);
    CHECK(same(world.refusal(world.connectOptions()), "EACCES"));
  }
}

TEST(messageFramingNeedsAMessagePipe) {
  World world;
  world.listen();
  const Failure failure = world.refusal(world.connectOptions(FramingKind::Message));
  CHECK(same(failure, "EPROTOTYPE"));
  CHECK(failure.hint != nullptr);
}

// Beyond 1 MiB a message is taken in parts. Sockets have a limit.
TEST(messagesOfAnyLength) {
  World world;
  const auto pair = world.pair(world.listenOptions(FramingKind::Message));
  std::vector<std::string> sent;
  for (const size_t size : {1 << 20, 3, (4 << 20) + 1, 2})
    CHECK(world.send(pair.client, sent.emplace_back(pattern(size, 3))));
  CHECK(world.until([&] { return world.story(pair.server).frames.size() == sent.size(); }, 30));
  CHECK(world.story(pair.server).frames == sent);
}

TEST(anEmptyWriteIsNoEnd) {
  World world;
  RawPeer client;
  const Id id = world.acceptRaw(client);
  CHECK(client.write("") && client.write(framed("after it")) && client.write(""));
  CHECK(world.receives(id, 1));
  world.run(20);
  CHECK(!world.story(id).ended);
}

TEST(sessionsAreKnown) {
  World world;
  const auto pair = world.pair();
  DWORD own = 0;
  CHECK(ProcessIdToSessionId(GetCurrentProcessId(), &own));
  CHECK(world.connection(pair.client)->peer().session == int64_t{own});
  CHECK(world.connection(pair.server)->peer().session == int64_t{own});
}

}  // namespace framepipe::test
