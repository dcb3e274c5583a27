// Waiting for a busy pipe: who is woken, by what, and that it happens once.
#include <windows.h>

#include "loops/world.h"
#include "win32/peer_state.h"

namespace framepipe::test {

namespace {

constexpr double kLong = 3600e3;

// A pipe with two instances, which are taken: one can leave, and the pipe stays. Wine wakes those who wait for one that
// does not; Windows lets them wait for the next one of its name.
struct Busy {
  Busy() {
    ListenOptions options = world.listenOptions();
    options.max_instances = 2;
    staying = world.pair(options).client;
    leaving = world.connect();
    world.accept();
  }
  bool waits(Id request, double milliseconds = kLong) {
    return world.loop().waitForInstance(world.path(), milliseconds, request);
  }
  World world;
  Id staying = 0, leaving = 0;
};

}  // namespace

TEST(waitersAreWokenWhenAnInstanceIsFree) {
  Busy busy;
  const int before = busy.world.retained();
  for (const Id request : {1, 2, 3}) CHECK(busy.waits(request));
  CHECK(busy.world.retained() == before + 3);  // each keeps the process alive
  busy.world.run(50);
  CHECK(busy.world.settled.empty());
  busy.world.connection(busy.leaving)->destroy({});
  for (const Id request : {1, 2, 3}) CHECK(busy.world.settles(request) && busy.world.settled[request]);
  CHECK(busy.world.until([&] { return busy.world.retained() <= before; }));
}

TEST(waitingForAPipeThatIsFreeEndsAtOnce) {
  World world;
  world.listen();
  CHECK(world.loop().waitForInstance(world.path(), kLong, 1));
  CHECK(world.settles(1) && world.settled[1]);
}

TEST(waitingEndsWhenItsTimeIsOver) {
  Busy busy;
  CHECK(busy.waits(1, 20));
  CHECK(busy.world.settles(1) && same(busy.world.settled[1].failure, "ETIMEDOUT"));
}

TEST(aWaitThatIsCancelledIsSettledAndOthersGoOn) {
  Busy busy;
  CHECK(busy.waits(1) && busy.waits(2));
  busy.world.loop().cancelWait(1);
  busy.world.loop().cancelWait(1);
  busy.world.loop().cancelWait(77);
  CHECK(busy.world.settles(1) && same(busy.world.settled[1].failure, "ECANCELED"));
  busy.world.run(50);
  CHECK(busy.world.settled.count(2) == 0);
}

TEST(theEndOfTheEnvironmentCancelsAllWaits) {
  Busy busy;
  for (Id request = 1; request <= 300; ++request) CHECK(busy.waits(request));
  busy.world.stop();  // checks that it finishes, and with it every wait
}

TEST(nobodyCanBeAskedForThese) {
  World world;
  CHECK(!world.loop().waitForInstance(world.path("nobody"), kLong, 1));
  CHECK(!world.loop().waitForInstance("\\\\elsewhere\\pipe\\busy", kLong, 2));
  CHECK(!world.loop().waitForInstance("no path", kLong, 3));
  world.run(20);
  CHECK(world.settled.empty());
}

TEST(onlyAClientThatWindowsCallsLocalHasAProcessId) {
  using win32::isLocalClient;
  CHECK(isLocalClient(/*named=*/false, ERROR_PIPE_LOCAL));
  CHECK(!isLocalClient(/*named=*/true, ERROR_PIPE_LOCAL));
  CHECK(!isLocalClient(/*named=*/false, ERROR_MORE_DATA));  // one that has a long name
}

}  // namespace framepipe::test
