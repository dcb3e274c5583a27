// When a loop polls for a peer's next message, and when not.
#include "core/busy_polling.h"

#include "check.h"

namespace framepipe {
namespace {

constexpr uint64_t kWait = 10, kTurn = 100;
constexpr char kOne = 0, kOther = 0;
uint64_t now = 0;

struct Talk {
  // One round in which `peer` is heard and, maybe, answered: until when it is polled for.
  uint64_t round(const void* peer, bool answered = true) {
    policy.heard(peer);
    if (answered) policy.sent(peer);
    return again();
  }
  uint64_t again(bool idle = true) {
    uint64_t polled_until = 0;
    const auto poll = [&](uint64_t until) {
      polled_until = until;
      if (late) now = until;
      return comes;
    };
    const bool came = policy.again([] { return now; }, idle, poll);
    told = told && came == (comes && polled_until != 0);
    return polled_until;
  }
  // Rounds before the next one in which somebody is polled for.
  int pauses(const void* peer) {
    int rounds = 0;
    while (rounds < 1000 && round(peer) == 0) ++rounds;
    return rounds;
  }

  BusyPolling policy{{.longest_wait = kWait, .longest_turn = kTurn}};
  bool comes = true, late = false;  // what is polled for
  bool told = true;                 // again() has always said what came
};

void checkWho(Checks& check) {
  now = 50;
  Talk talk;
  check.equal(talk.pauses(&kOne), 7, "a peer talks alone for some rounds");
  check.equal(talk.round(&kOne), 50 + kWait, "then it is polled for");
  check.equal(talk.round(&kOne, false), 0u, "not without an answer");
  talk.policy.heard(&kOne);
  talk.policy.sent(&kOther);
  check.equal(talk.again(), 0u, "nor after an answer to somebody else");
  check.equal(talk.pauses(&kOther), 7, "another peer begins anew");
  check.equal(talk.pauses(nullptr), 1000, "several at once are never polled for");
  check.that(talk.told, "what came is told");
}

void checkTurns(Checks& check) {
  now = 0;
  Talk talk;
  talk.pauses(&kOne);
  now = 1000 + kTurn;
  check.equal(talk.round(&kOne), 0u, "a turn ends, whatever it has brought");
  check.equal(talk.round(&kOne), 1000 + kTurn + kWait, "and the next one begins");
}

void checkPenalties(Checks& check) {
  now = 0;
  Talk talk;
  talk.comes = false;
  check.equal(talk.pauses(&kOne), 7, "the first failure");
  for (const int expected : {0, 1, 3, 7, 15, 31, 63, 127, 255}) {
    check.equal(talk.pauses(&kOne), expected, "each failure makes it rarer");
  }
  talk.comes = true;
  check.equal(talk.pauses(&kOne), 255, "up to a limit");
  check.equal(talk.pauses(&kOne), 0, "one success brings the next");
  talk.comes = false;
  check.equal(talk.pauses(&kOne), 0, "and it goes on");
  check.equal(talk.pauses(&kOne), 63, "but what has failed often is soon rare again");
  check.that(talk.told, "what came is told");
}

void checkLate(Checks& check) {
  now = 1;
  Talk talk;
  talk.late = true;
  talk.pauses(&kOne);
  talk.pauses(&kOne);
  check.equal(talk.pauses(&kOne), 1, "what comes late is a failure");
  check.that(talk.told, "and is told all the same");
}

void checkIdle(Checks& check) {
  now = 0;
  Talk talk;
  talk.pauses(&kOne);
  talk.policy.heard(&kOne);
  talk.policy.sent(&kOne);
  check.equal(talk.again(/*idle=*/false), 0u, "not while something else is due");
  check.equal(talk.pauses(&kOne), 0, "which is no failure");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkWho(check);
  framepipe::checkTurns(check);
  framepipe::checkPenalties(check);
  framepipe::checkLate(check);
  framepipe::checkIdle(check);
  return check.report();
}
