// Time passes, and the loop looks at the connection: what may run out, and what must.
#include <algorithm>
#include <cstring>
#include <tuple>

#include "world.h"

namespace simulation {

void Model::runsOut() {
  destroyed_first = destroyed_first || (!destroy_called && mayBeDestroyed());
  if (!destroy_called) destroy_code = kRanOut;
  destroy_called = true;
}

bool Model::standsStill() const {
  if (!open() || ended_told_ || !scenario_.receives() || told_left || failed) return false;
  return held_ >= std::max<size_t>(scenario_.options.high_water_mark, 1) ||
         (!taken_from_server && peer_.read() >= scenario_.options.untaken);
}

bool Model::mayBlameThePeer(std::string_view option) const {
  return !allTaken() && (option == "writeTimeout" || option == "idleTimeout");
}

bool Model::ranOut(const framepipe::Failure& why) {
  if (!why || std::strcmp(why.code, kRanOut) != 0) return false;
  verdict_.require(destroy_code && std::strcmp(destroy_code, kRanOut) == 0,
                   "nothing runs out but when it is looked at");
  const bool tells_read = scenario_.tells_read && !peer_.left();
  verdict_.require(why.option && clock.mayEnd(scenario_.options.timeouts, why.option, tells_read),
                   "no limit of time is early");
  ran_out = why.option;
  return true;
}

// The loop looks at the connection. Nobody acts before it is known what came of it.
void World::timePasses() {
  constexpr uint64_t kUsual = 10;
  model_.clock.now += random_.chance(90) ? kUsual : random_.below(500);
  if (connection_->aborts() || model_.released) {
    verdict_.require(!connection_->look(model_.clock.now, kUsual), "what has ended need not be looked at");
    return;
  }
  const As as(*this, Thread::Reading);
  const Model before = model_;
  model_.runsOut();
  nested_ = true;
  const bool goes_on = connection_->look(model_.clock.now, kUsual);
  nested_ = false;
  verdict_.trace("  it is looked at, at %d ms%s", static_cast<int>(model_.clock.now), goes_on ? "" : ": it is over");
  if (!goes_on) {
    verdict_.require(!before.standsStill() || before.mayBlameThePeer(model_.ran_out),
                     "while this side does not read, a peer is blamed for nothing but what it does not take");
    return;
  }
  std::tie(model_.destroy_called, model_.destroyed_first, model_.destroy_code) =
      std::tuple(before.destroy_called, before.destroyed_first, before.destroy_code);
}

// Nothing comes and nothing goes any more.
void World::waitForTheEnd() {
  for (int i = 0; i < 200 && !model_.destroy_called; ++i) timePasses();
  verdict_.require(model_.destroy_called, "limits of time run out in the end");
}

}  // namespace simulation
