// The order in which a port thread that has been busy does what has become due.
#include <windows.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "loops/check.h"
#include "win32/port.h"

namespace framepipe::test {

using win32::Port;

namespace {

struct Done : win32::Operation {
  std::atomic<bool> done{false};
  void completed(const win32::Completion&) noexcept override { done = true; }
};

struct Looking : win32::Watched {
  explicit Looking(const Done& what) : what_(what) {}
  bool onTick(ULONGLONG now) noexcept override {
    if (now < since) return true;
    seen = what_.done.load();
    looked = true;
    return false;
  }
  std::atomic<ULONGLONG> since{UINT64_MAX};
  std::atomic<bool> looked{false}, seen{false};

 private:
  const Done& what_;
};

// Keeps the port thread busy until a tick is due; meanwhile `next` completes.
struct Busy : win32::Operation {
  Port* port;
  Done* next;
  Looking* looking;
  void completed(const win32::Completion&) noexcept override {
    port->post(next);
    looking->since = GetTickCount64();
    Sleep(2 * Port::kTick);
  }
};

}  // namespace

// A peer is not given up for what has come and has not been looked at yet.
TEST(whatHasCompletedIsDoneBeforeATick) {
  Port port;
  CHECK(!port.open());
  Done done;
  const auto looking = std::make_shared<Looking>(done);
  port.watch(looking);
  Busy busy;
  busy.port = &port;
  busy.next = &done;
  busy.looking = looking.get();
  port.post(&busy);
  while (!looking->looked) Sleep(1);
  CHECK(looking->seen);
  port.close();
}

TEST(manyThatEndAtOnceTakeTurns) {
  struct Ending : win32::Watched {
    Ending(std::atomic<size_t>& in_this_tick, std::atomic<size_t>& left) : in_this_tick_(in_this_tick), left_(left) {}
    bool onTick(ULONGLONG) noexcept override {
      ++in_this_tick_;
      --left_;
      return false;
    }
    std::atomic<size_t>&in_this_tick_, &left_;
  };
  // Posted at every turn of the port thread: no more may have ended since the last one.
  struct Turn : win32::Operation {
    Port* port;
    std::atomic<size_t>*in_this_tick, *left;
    size_t most = 0;
    std::atomic<bool> over{false};
    void completed(const win32::Completion&) noexcept override {
      most = std::max(most, in_this_tick->exchange(0));
      if (*left > 0)
        port->post(this);
      else
        over = true;
    }
  };
  constexpr size_t kMany = 5 * Port::kEnds / 2;
  Port port;
  CHECK(!port.open());
  std::atomic<size_t> in_this_tick{0}, left{kMany};
  for (size_t i = 0; i < kMany; ++i) port.watch(std::make_shared<Ending>(in_this_tick, left));
  Turn turn;
  turn.port = &port;
  turn.in_this_tick = &in_this_tick;
  turn.left = &left;
  port.post(&turn);
  while (!turn.over) Sleep(1);
  CHECK(turn.most > 0 && turn.most <= Port::kEnds);
  port.close();
}

}  // namespace framepipe::test
