// Waiting for a busy pipe: who is woken, by what, and that it happens once.
#include "harness.h"
#include "win32/peer_state.h"

using namespace framepipe;
using namespace framepipe::test;

namespace {

constexpr double kLong = 3600e3;

// A pipe with two instances, which are taken: one can leave, and the pipe stays. Wine wakes those who wait for one that
// does not; Windows lets them wait for the next one of its name.
struct Busy {
  Busy() {
    ListenOptions options = serving(path);
    options.max_instances = 2;
    desk.listen(options);
    for (Id* each : {&staying, &leaving}) {
      *each = desk.connect(connecting(path));
      desk.accept();
    }
  }
  bool settles(Id request) {
    return desk.until([&] { return desk.settled.count(request) > 0; });
  }
  Desk desk;
  const std::string path = uniquePath();
  Id staying = 0, leaving = 0;
};

}  // namespace

TEST(waiters_are_woken_when_an_instance_is_free) {
  Busy busy;
  const int before = busy.desk.retained;
  for (const Id request : {1, 2, 3}) check(busy.desk.loop().waitForInstance(busy.path, kLong, request), "waits");
  same(busy.desk.retained, before + 3, "each keeps the process alive");
  busy.desk.rest(50);
  check(busy.desk.settled.empty(), "nobody is woken while it is busy");
  busy.desk.at(busy.leaving).destroy({});
  for (const Id request : {1, 2, 3}) {
    if (check(busy.settles(request), "woken")) check(!busy.desk.settled[request], "in good order");
  }
  check(busy.desk.until([&] { return busy.desk.retained <= before; }), "and not any more");
}

TEST(waiting_for_a_pipe_that_is_free_ends_at_once) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  check(desk.loop().waitForInstance(path, kLong, 1), "waits");
  check(desk.until([&] { return desk.settled.count(1) > 0; }) && !desk.settled[1], "woken");
}

TEST(waiting_ends_when_its_time_is_over) {
  Busy busy;
  check(busy.desk.loop().waitForInstance(busy.path, 20, 1), "waits");
  if (check(busy.settles(1), "settled")) sameCode(busy.desk.settled[1], "ETIMEDOUT");
}

TEST(a_wait_that_is_cancelled_is_settled_and_others_go_on) {
  Busy busy;
  check(busy.desk.loop().waitForInstance(busy.path, kLong, 1), "waits");
  check(busy.desk.loop().waitForInstance(busy.path, kLong, 2), "waits");
  busy.desk.loop().cancelWait(1);
  busy.desk.loop().cancelWait(1);
  busy.desk.loop().cancelWait(77);
  if (check(busy.settles(1), "settled")) sameCode(busy.desk.settled[1], "ECANCELED");
  busy.desk.rest(50);
  same(busy.desk.settled.count(2), size_t{0}, "the other one waits on");
}

TEST(the_end_of_the_environment_cancels_all_waits) {
  Busy busy;
  for (Id request = 1; request <= 300; ++request)
    check(busy.desk.loop().waitForInstance(busy.path, kLong, request), "waits");
  busy.desk.stop();  // checks that it finishes, and with it every wait
}

TEST(nobody_can_be_asked_for_these) {
  Desk desk;
  check(!desk.loop().waitForInstance(uniquePath(), kLong, 1), "a pipe that nobody serves");
  check(!desk.loop().waitForInstance("\\\\elsewhere\\pipe\\busy", kLong, 2), "another machine's");
  check(!desk.loop().waitForInstance("no path", kLong, 3), "none");
  desk.rest(20);
  check(desk.settled.empty(), "and nothing is settled");
}

TEST(only_a_client_that_windows_calls_local_has_a_process_id) {
  using win32::isLocalClient;
  check(isLocalClient(/*named=*/false, ERROR_PIPE_LOCAL), "a local one");
  check(!isLocalClient(/*named=*/true, ERROR_PIPE_LOCAL), "one that has a name");
  check(!isLocalClient(/*named=*/false, ERROR_MORE_DATA), "one that has a long name");
}

TEST(a_server_says_why_it_makes_no_more_instances) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  options.exclusive = false;
  options.max_instances = 2;
  options.pending_instances = 1;
  const Id first = desk.listen(options);
  check(!desk.loop().listener(first)->lastFailure(), "all is well");
  desk.listen(options);  // takes the other instance that the name may have
  for (int i = 0; i < 2; ++i) {
    desk.connect(connecting(options.path));
    desk.accept();
  }
  sameCode(desk.loop().listener(first)->lastFailure(), "EAGAIN");
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
