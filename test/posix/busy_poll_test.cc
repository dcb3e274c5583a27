// A conversation with one peer: waited for without sleeping, at nobody's expense.
#include "posix/busy_poll.h"

#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "loops/world.h"

namespace framepipe::test {

namespace {

// With one processor nobody is waited for, and each answer takes a turn of the loop.
const bool kWaits = uv_available_parallelism() > 1;

// A peer that has asked again by the time that it is answered. Writes from within the pretended JavaScript.
struct Conversation {
  explicit Conversation(World& world, const char* name = "pipe", bool busy_poll = true) : world(world) {
    ListenOptions options = world.listenOptions();
    options.busy_poll = busy_poll;
    options.path = world.path(name);
    id = world.acceptRaw(peer, options);
  }

  void ask() { CHECK(peer.write(framed("question"))); }
  void answer() {
    ++answered;
    CHECK(world.send(id, "answer"));
    peer.read(framed("answer").size());
  }

  World& world;
  RawPeer peer;
  Id id = 0;
  int answered = 0;
};

void converse(World& world, Conversation& with) {
  world.on_event = [&with](const Event& event) {
    if (event.kind != Event::Kind::Frames || event.id != with.id) return;
    with.answer();
    with.ask();
  };
  with.ask();
}

// How often the loop turns in that time.
int turnsIn(World& world, int milliseconds) {
  int turns = 0;
  uv_prepare_t prepare;
  uv_prepare_init(world.uvLoop(), &prepare);
  prepare.data = &turns;
  uv_prepare_start(&prepare, [](uv_prepare_t* p) { ++*static_cast<int*>(p->data); });
  world.run(milliseconds);
  bool closed = false;
  prepare.data = &closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare), [](uv_handle_t* h) { *static_cast<bool*>(h->data) = true; });
  CHECK(world.until([&] { return closed; }));
  return turns;
}

void part(World& world, Conversation& from) {
  world.on_event = nullptr;
  from.peer.leave();
  CHECK(world.closes(from.id));
}

}  // namespace

TEST(aConversationTakesFewTurnsOfTheLoop) {
  World world;
  Conversation with(world);
  converse(world, with);
  const int turns = turnsIn(world, 50);
  CHECK(with.answered > 100);
  if (kWaits) CHECK(with.answered > 3 * turns);
  part(world, with);
}

TEST(whoIsNotToBePolledForTakesATurnForEachAnswer) {
  World world;
  Conversation with(world, "pipe", /*busy_poll=*/false);
  converse(world, with);
  const int turns = turnsIn(world, 50);
  CHECK(with.answered > 10);
  CHECK(with.answered <= turns + 1);
  part(world, with);
}

TEST(aConversationLetsTimersAndImmediatesRun) {
  World world;
  Conversation with(world);
  uv_timer_t timer;
  uv_timer_init(world.uvLoop(), &timer);
  int fired = 0;
  timer.data = &fired;
  uv_timer_start(&timer, [](uv_timer_t* t) { ++*static_cast<int*>(t->data); }, 1, 1);
  converse(world, with);
  CHECK(world.until([&] { return fired >= 10; }));

  uv_idle_t idle;  // as setImmediate() has one: then libuv does not sleep, and so nobody is waited for
  uv_idle_init(world.uvLoop(), &idle);
  uv_idle_start(&idle, [](uv_idle_t*) {});
  world.run(5);
  const int before = with.answered;
  const int turns = turnsIn(world, 20);
  CHECK(with.answered - before <= turns + 1);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  part(world, with);
}

TEST(whoIsDestroyedAfterAnAnswerIsNotReadAnyMore) {
  for (int last = 10; last < 40; ++last) {  // in one of them a turn ends just then
    World world;
    Conversation with(world), other(world, "other");
    world.on_event = [&](const Event& event) {
      if (event.kind != Event::Kind::Frames || event.id != with.id) return;
      with.answer();
      if (with.answered < last) return with.ask();
      world.connection(with.id)->destroy({});
      other.ask();  // so that something comes while the next question would be waited for
    };
    with.ask();
    CHECK(world.until([&] { return !world.story(other.id).frames.empty() && world.story(with.id).closed; }));
    CHECK(!world.story(with.id).ended);
    with.peer.leave();
    part(world, other);
  }
}

TEST(twoConversationsTakeTurns) {
  World world;
  Conversation one(world), other(world, "other");
  world.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::Frames) return;
    Conversation& with = event.id == one.id ? one : other;
    with.answer();
    with.ask();
  };
  one.ask();
  other.ask();
  world.run(50);
  CHECK(one.answered > 50 && other.answered > 50);
  CHECK(one.answered < 2 * other.answered && other.answered < 2 * one.answered);
  part(world, one);
  part(world, other);
}

TEST(whoDoesNotAnswerAtOnceIsWaitedForLessAndLess) {
  if (!kWaits) return;
  struct Peer final : posix::PollWatch::Owner {
    void polled(int, int) override { ++asked; }
    int asked = 0;
  };
  uv_loop_t loop;
  uv_loop_init(&loop);
  int ends[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  uv_poll_t poll;
  uv_poll_init(&loop, &poll, ends[0]);
  uv_poll_start(&poll, UV_READABLE, [](uv_poll_t*, int, int) {});
  uv_run(&loop, UV_RUN_NOWAIT);

  const auto peer = std::make_shared<Peer>();
  posix::BusyPoll busy_poll(&loop);
  const auto round = [&] {
    busy_poll.heard(peer, true);
    busy_poll.sent();
    return busy_poll.again();
  };
  for (int i = 0; i < 2000; ++i) CHECK(!round());
  CHECK(::send(ends[1], "x", 1, 0) == 1);
  int slept = 0;
  while (!round()) CHECK(++slept <= 256);
  CHECK(slept > 0);
  CHECK(peer->asked == 1);

  // What comes to several is libuv's to find.
  const auto other = std::make_shared<Peer>();
  for (int i = 0; i < 300; ++i) {
    busy_poll.heard(peer, true);
    busy_poll.heard(other, true);
    busy_poll.sent();
    CHECK(!busy_poll.again());
  }
  CHECK(peer->asked == 1 && other->asked == 0);

  // One that is not answered is not waited for.
  for (int i = 0; i < 300; ++i) {
    busy_poll.heard(peer, true);
    CHECK(!busy_poll.again());
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace framepipe::test
