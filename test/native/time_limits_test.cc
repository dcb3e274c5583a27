// Limits of time, by a clock of the test's own: never early, late by two looks at most, and standing still where the
// peer is not to blame.
#include "core/time_limits.h"

#include <string>
#include <string_view>

#include "check.h"

namespace framepipe {
namespace {

// A connection that is looked at every `usual` ms, and what becomes of it.
class Clock {
 public:
  explicit Clock(const Timeouts& timeouts, uint64_t usual = 10) : limits_(timeouts), usual_(usual) {}

  TimeLimits::Standing now{.open = true,
                           .reads = true,
                           .may_come = true,
                           .frame_begun = false,
                           .queued = false,
                           .in = 0,
                           .frames_in = 0,
                           .out = 0};

  // After so many ms, in one go. The option that ran out, or "".
  std::string look(uint64_t passed) {
    time_ += passed;
    const Failure failure = limits_.look(time_, usual_, now);
    if (failure && std::string_view(failure.code) != "ETIMEDOUT") return failure.code;
    return failure ? failure.option : "";
  }
  // For so many ms, as the loop looks. "" when nothing runs out.
  std::string pass(uint64_t ms) {
    for (uint64_t passed = 0; passed < ms; passed += usual_)
      if (const std::string option = look(usual_); !option.empty()) return option;
    return "";
  }
  // How long it takes until something runs out; 0: a long time.
  uint64_t until() {
    for (uint64_t passed = usual_; passed < 100'000; passed += usual_)
      if (!look(usual_).empty()) return passed;
    return 0;
  }

 private:
  TimeLimits limits_;
  const uint64_t usual_;
  uint64_t time_ = 12'345;
};

constexpr Timeouts kFirst{.first_frame = 100}, kFrame{.frame = 100}, kIdle{.idle = 100}, kWrite{.write = 100};

void eachIsNeitherEarlyNorLate(Checks& check) {
  for (const Timeouts& timeouts : {kFirst, kFrame, kIdle, kWrite}) {
    for (const uint64_t usual : {1u, 7u, 10u, 30u, 100u, 300u}) {
      Clock clock(timeouts, usual);
      clock.now.frame_begun = clock.now.queued = true;
      const uint64_t took = clock.until();
      check.that(took >= 100 && took <= 100 + 2 * usual,
                 std::to_string(took) + " ms with looks every " + std::to_string(usual));
    }
  }
}

void eachNamesItsOption(Checks& check) {
  const auto option = [](const Timeouts& timeouts) {
    Clock clock(timeouts);
    clock.now.frame_begun = clock.now.queued = true;
    return clock.pass(200);
  };
  check.equal(option(kFirst), "firstFrameTimeout", "the first frame");
  check.equal(option(kFrame), "frameTimeout", "a frame");
  check.equal(option(kIdle), "idleTimeout", "nothing at all");
  check.equal(option(kWrite), "writeTimeout", "writing");
  check.equal(option({}), "", "none");
}

void theFirstFrameHasToBeComplete(Checks& check) {
  Clock clock(kFirst);
  for (int i = 0; i < 8; ++i) {
    ++clock.now.in;
    check.equal(clock.pass(10), "", "bytes are no frame, but there is time");
  }
  check.equal(clock.pass(50), "firstFrameTimeout", "bytes are no frame");

  Clock other(kFirst);
  check.equal(other.pass(90), "", "in time");
  other.now.frames_in = other.now.in = 1;
  check.equal(other.pass(1000), "", "the first one has come");

  Clock nothing(kFirst);
  nothing.now.may_come = false;
  check.equal(nothing.pass(1000), "", "none can come");
}

void aFrameHasToBeCompleteHoweverItTrickles(Checks& check) {
  Clock clock(kFrame);
  check.equal(clock.pass(1000), "", "between frames there is no hurry");
  clock.now.frame_begun = true;
  for (int i = 0; i < 9; ++i) {
    ++clock.now.in;
    check.equal(clock.pass(10), "", "there is time");
  }
  check.equal(clock.pass(50), "frameTimeout", "one byte after the other");

  Clock many(kFrame);
  many.now.frame_begun = true;  // each time it is looked at, another one
  for (int i = 0; i < 50; ++i) {
    ++many.now.frames_in;
    check.equal(many.pass(20), "", "each frame has its time");
  }
}

void whateverComesOrGoesIsNotIdle(Checks& check) {
  Clock clock(kIdle);
  for (int i = 0; i < 50; ++i) {
    ++(i % 2 ? clock.now.in : clock.now.out);
    check.equal(clock.pass(50), "", "something happens");
  }
  check.equal(clock.pass(200), "idleTimeout", "nothing happens any more");
}

void whatIsClosingIsNotIdle(Checks& check) {
  Clock clock(kIdle);
  check.equal(clock.pass(90), "", "there is time");
  clock.now.open = false;
  check.equal(clock.pass(1000), "", "it has a timeout of its own");
}

void whatIsQueuedHasToMove(Checks& check) {
  Clock clock(kWrite);
  check.equal(clock.pass(1000), "", "nothing is queued");
  clock.now.queued = true;
  for (int i = 0; i < 50; ++i) {
    ++clock.now.out;
    check.equal(clock.pass(50), "", "a little is taken");
  }
  clock.now.queued = false;
  check.equal(clock.pass(500), "", "all is taken");
  clock.now.queued = true;
  check.equal(clock.pass(200), "writeTimeout", "nothing is taken any more");
}

// What does not come then is no fault of the peer's.
void theyStandStillWhileWeDoNotRead(Checks& check) {
  for (const Timeouts& timeouts : {kFirst, kFrame, kIdle}) {
    Clock clock(timeouts);
    clock.now.frame_begun = true;
    check.equal(clock.pass(70), "", "there is time");
    clock.now.reads = false;
    check.equal(clock.pass(10'000), "", "it is not the peer that is slow");
    clock.now.reads = true;
    check.equal(clock.pass(30), "", "and goes on where it stood");
    check.that(clock.pass(60) != "", "but does go on");
  }
}

// Else one who writes on and on and reads nothing would stop its own clock: our reader waits in send() for that very peer.
void whatIsQueuedIsThePeersToTakeThoughWeDoNotRead(Checks& check) {
  for (const Timeouts& timeouts : {kIdle, kWrite}) {
    Clock clock(timeouts);
    clock.now.reads = false;
    clock.now.queued = true;
    for (int i = 0; i < 50; ++i) {
      ++clock.now.out;
      check.equal(clock.pass(50), "", "a little is taken");
    }
    check.that(clock.pass(200) != "", "nothing is taken any more");
  }
  Clock clock(kIdle);
  clock.now.reads = false;
  clock.now.queued = true;
  check.equal(clock.pass(80), "", "there is time");
  clock.now.queued = false;
  check.equal(clock.pass(1000), "", "nothing is queued, and we do not read");
}

// A system that takes much at once tells nothing of a peer that takes it from there bit by bit, but for that itself.
void whatThePeerReadsIsProgress(Checks& check) {
  for (const Timeouts& timeouts : {kIdle, kWrite}) {
    Clock clock(timeouts);
    clock.now.queued = true;
    clock.now.unread = 100;
    for (int i = 0; i < 50; ++i) {
      --clock.now.unread;
      check.equal(clock.pass(50), "", "a little is read");
    }
    check.that(clock.pass(200) != "", "nothing is read any more");
  }
}

void whatHappensMeanwhileCounts(Checks& check) {
  for (const Timeouts& timeouts : {kFirst, kFrame, kIdle, kWrite}) {
    Clock clock(timeouts);
    clock.now.frame_begun = clock.now.queued = true;
    check.equal(clock.pass(90), "", "there is time");
    clock.now.reads = false;
    ++clock.now.in;
    ++clock.now.out;
    ++clock.now.frames_in;
    check.equal(clock.pass(50), "", "it begins anew");
    clock.now.reads = true;
    check.equal(clock.pass(40), "", "and has not run out");
  }
}

void aBusyProcessBlamesNobody(Checks& check) {
  for (const Timeouts& timeouts : {kFirst, kFrame, kIdle, kWrite}) {
    Clock clock(timeouts);
    clock.now.frame_begun = clock.now.queued = true;
    check.equal(clock.pass(20), "", "there is time");
    check.equal(clock.look(60'000), "", "a minute in which it was not looked at");
    check.equal(clock.pass(50), "", "counts for two looks");
    check.that(clock.pass(60) != "", "and for no less");
  }
}

void looksAreAsOftenAsTheyHaveToBe(Checks& check) {
  check.equal(TimeLimits::period(kIdle), 12u, "an eighth of the shortest");
  check.equal(TimeLimits::period({.first_frame = 30'000, .idle = 2000}), 250u, "of several");
  check.equal(TimeLimits::period({.write = 1}), 10u, "no more often than every 10 ms");
  check.equal(TimeLimits::period({.idle = 3'600'000}), 1000u, "no more rarely than every second");
}

}  // namespace
}  // namespace framepipe

int main() {
  using namespace framepipe;
  Checks check;
  eachIsNeitherEarlyNorLate(check);
  eachNamesItsOption(check);
  theFirstFrameHasToBeComplete(check);
  aFrameHasToBeCompleteHoweverItTrickles(check);
  whateverComesOrGoesIsNotIdle(check);
  whatIsClosingIsNotIdle(check);
  whatIsQueuedHasToMove(check);
  theyStandStillWhileWeDoNotRead(check);
  whatIsQueuedIsThePeersToTakeThoughWeDoNotRead(check);
  whatThePeerReadsIsProgress(check);
  whatHappensMeanwhileCounts(check);
  aBusyProcessBlamesNobody(check);
  looksAreAsOftenAsTheyHaveToBe(check);
  return check.report();
}
