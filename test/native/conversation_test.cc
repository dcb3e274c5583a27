// When a peer is waited for awake, and when not.
#include "core/conversation.h"

#include "check.h"

namespace framepipe {
namespace {

constexpr uint64_t kWait = 10, kTurn = 100;
constexpr char kOne = 0, kOther = 0;

struct Talk {
  // One round in which `who` is heard and, maybe, answered: until when the next word is to be waited for.
  uint64_t round(const void* who, uint64_t now = 0, bool answered = true) {
    conversation.heard(who);
    if (answered) conversation.sent(who);
    return conversation.waitUntil(now);
  }
  // Rounds before the next one in which somebody is waited for.
  int pauses(const void* who) {
    int rounds = 0;
    while (rounds < 1000 && round(who) == 0) ++rounds;
    return rounds;
  }

  Conversation conversation{{.longest_wait = kWait, .longest_turn = kTurn}};
};

void checkWho(Checks& check) {
  Talk talk;
  check.equal(talk.pauses(&kOne), 7, "a conversation takes some rounds");
  check.equal(talk.round(&kOne, 50), 50 + kWait, "then the next word is waited for");
  check.equal(talk.round(&kOne, 0, false), 0u, "not one that is not asked for");
  talk.conversation.heard(&kOne);
  talk.conversation.sent(&kOther);
  check.equal(talk.conversation.waitUntil(0), 0u, "nor after an answer to somebody else");
  check.equal(talk.pauses(&kOther), 7, "another voice ends it");
  check.equal(talk.pauses(nullptr), 1000, "many voices make none");
}

void checkTurns(Checks& check) {
  Talk talk;
  talk.pauses(&kOne);
  talk.conversation.waited(true);
  check.equal(talk.round(&kOne, 1000 + kTurn), 0u, "a turn ends, whatever it has brought");
  check.equal(talk.round(&kOne, 1000 + kTurn), 1000 + kTurn + kWait, "and the next one begins");
}

void checkPenalties(Checks& check) {
  Talk talk;
  talk.pauses(&kOne);
  for (const int expected : {0, 1, 3, 7, 15, 31, 63, 127, 255, 255}) {
    talk.conversation.waited(false);
    check.equal(talk.pauses(&kOne), expected, "each failure makes it rarer");
  }
  talk.conversation.waited(true);
  check.equal(talk.pauses(&kOne), 0, "one success brings the next");
  talk.conversation.waited(false);
  check.equal(talk.pauses(&kOne), 127, "but what has failed often is soon rare again");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkWho(check);
  framepipe::checkTurns(check);
  framepipe::checkPenalties(check);
  return check.report();
}
