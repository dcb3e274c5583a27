// The doorbell that another thread rings, as it does on Windows.
#include "binding/doorbell.h"

#include <thread>

#include "loops/check.h"

namespace framepipe::test {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

struct Bell {
  Bell() {
    uv_loop_init(&loop);
    doorbell.open(&loop, [](void* bell) { ++static_cast<Bell*>(bell)->answers; }, this);
  }
  ~Bell() {
    doorbell.close([](void*) {});
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
  }
  void push() {
    if (events.push({.kind = Event::Kind::Drained, .id = 1})) doorbell.ring();
  }

  uv_loop_t loop;
  Doorbell doorbell;
  EventQueue events;
  int answers = 0;
};

}  // namespace

TEST(whatCameBeforeListeningIsNotWaitedFor) {
  Bell bell;
  bell.push();  // rings libuv; what comes after it rings nobody
  const uint64_t began = uv_hrtime();
  CHECK(bell.doorbell.listen(began + 60 * kSecond, bell.events));
  CHECK(uv_hrtime() - began < 30 * kSecond);
}

TEST(aRingIsHeardByWhoeverListens) {
  Bell bell;
  std::thread other([&] { bell.push(); });
  CHECK(bell.doorbell.listen(uv_hrtime() + 60 * kSecond, bell.events));
  other.join();
}

TEST(aRingThatNobodyListensForIsAnswered) {
  Bell bell;
  CHECK(!bell.doorbell.listen(uv_hrtime(), bell.events));
  bell.doorbell.keepAlive(true);
  bell.push();
  for (int i = 0; i < 1000 && bell.answers == 0; ++i) uv_run(&bell.loop, UV_RUN_NOWAIT);
  CHECK(bell.answers == 1);
}

}  // namespace framepipe::test
