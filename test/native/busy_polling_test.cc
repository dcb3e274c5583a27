// When a loop polls for what comes next, and for how long.
#include "core/busy_polling.h"

#include "check.h"

namespace framepipe {
namespace {

constexpr uint64_t kWait = 100'000, kTurn = 1'000'000;
constexpr char kOne = 0, kOther = 0;
uint64_t now = 1;

struct Talk {
  explicit Talk(bool allowed = true)
      : policy({.longest_wait = kWait, .longest_turn = kTurn}, [] { return now; }, allowed) {}

  // One round in which `peer` is heard and, maybe, answered: how long the next one is polled for.
  uint64_t round(const void* peer = &kOne, bool answered = true) {
    policy.woken();
    policy.heard(peer, polls);
    if (answered) policy.sent();
    return after();
  }
  uint64_t after(bool idle = true) {
    uint64_t window = 0;
    next = policy.next(idle, [&](uint64_t until) {
      window = until - now;
      now += comes_in < window || late ? comes_in : window;
      return comes_in < window || late;
    });
    if (next == BusyPolling::Next::Sleep) now += comes_in + wake;
    return window;
  }
  // Rounds before the next one that is polled for.
  int pauses() {
    int rounds = 0;
    while (rounds < 1000 && round() == 0) ++rounds;
    return rounds;
  }
  uint64_t settled() {
    for (int i = 0; i < 100; ++i) round();
    return round();
  }

  BusyPolling policy;
  BusyPolling::Next next = BusyPolling::Next::Sleep;
  uint64_t comes_in = 5'000, wake = 30'000;  // the next message; to be woken for it
  bool late = false;                         // what comes late has come all the same
  bool polls = true;
};

void checkWho(Checks& check) {
  Talk talk;
  check.equal(talk.pauses(), 7, "a conversation takes some rounds");
  check.equal(talk.round(&kOne, false), 0u, "what nobody answers is none");
  check.equal(talk.pauses(), 7, "and another one begins anew");
  talk.policy.heard(&kOne, true);
  talk.policy.heard(&kOther, true);
  talk.policy.sent();
  check.that(talk.after() > 0, "several peers converse as one does");
  check.that(talk.policy.talking() == nullptr, "but none of them alone");
  check.that(talk.round() > 0 && talk.policy.talking() == &kOne, "as one does");
  talk.polls = false;
  check.equal(talk.pauses(), 1000, "who does not want it is not polled for");
  Talk never(/*allowed=*/false);
  check.equal(never.pauses(), 1000, "nobody is where it is of no use");
}

void checkWindow(Checks& check) {
  Talk slow;
  slow.pauses();
  check.that(slow.next == BusyPolling::Next::Come, "what comes is told");
  const uint64_t window = slow.settled();
  check.that(window > 20'000 && window < 27'000, "two thirds of what a sleep takes");
  Talk fast;
  fast.wake = 3'000;
  check.equal(fast.settled(), 10'000u, "but not less than any sleep takes");
  Talk slowest;
  slowest.wake = 200'000;
  check.equal(slowest.settled(), kWait, "nor more than the limit");
}

void checkCost(Checks& check) {
  Talk talk;
  talk.wake = 3'000;
  talk.comes_in = 14'000;  // to poll for so long would cost more than to sleep
  for (int i = 0; i < 1000; ++i) talk.round();
  talk.pauses();
  check.that(talk.pauses() >= 255, "what does not pay becomes rare");
  talk.comes_in = 2'000;
  for (int i = 0; i < 3000; ++i) talk.round();
  check.equal(talk.pauses(), 0, "until it pays again");
  Talk pausing;
  pausing.comes_in = 10 * kWait;
  check.equal(pausing.pauses(), 1000, "what comes after pauses is not polled for");
}

void checkSample(Checks& check) {
  Talk talk;
  talk.settled();
  int sleeps = 0;
  for (int i = 0; i < 512; ++i) sleeps += talk.round() == 0;
  check.equal(sleeps, 2, "a round now and then sleeps");
  talk.wake = 60'000;
  for (int i = 0; i < 256 * 64; ++i) talk.round();
  check.that(talk.round() > 38'000, "and so what that costs stays known");
}

void checkPenalties(Checks& check) {
  Talk talk;
  talk.comes_in = 2 * kWait;
  check.equal(talk.pauses(), 7, "the first failure");
  for (const int expected : {0, 1, 3, 7, 15, 31, 63})
    check.equal(talk.pauses(), expected, "each failure makes it rarer");
}

void checkLate(Checks& check) {
  Talk talk;
  talk.late = true;
  talk.comes_in = 2 * kWait;
  talk.pauses();
  talk.pauses();
  check.that(talk.next == BusyPolling::Next::Come, "what comes late is told");
  check.equal(talk.pauses(), 1, "and is a failure");
}

void checkIdle(Checks& check) {
  Talk talk;
  talk.settled();
  talk.policy.heard(&kOne, true);
  talk.policy.sent();
  check.equal(talk.after(/*idle=*/false), 0u, "not while something else is due");
  check.equal(talk.pauses(), 0, "which is no failure");
}

void checkTurns(Checks& check) {
  Talk talk;
  talk.settled();
  int rounds = 0;
  while (talk.round() != 0 && talk.next == BusyPolling::Next::Come) ++rounds;
  check.that(talk.next == BusyPolling::Next::Turn && rounds <= 200, "a turn ends, and what has come waits for nobody");
  talk.round();
  check.that(talk.next == BusyPolling::Next::Come, "and the next one begins");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkWho(check);
  framepipe::checkWindow(check);
  framepipe::checkCost(check);
  framepipe::checkSample(check);
  framepipe::checkPenalties(check);
  framepipe::checkLate(check);
  framepipe::checkIdle(check);
  framepipe::checkTurns(check);
  return check.report();
}
