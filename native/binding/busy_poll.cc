#include "binding/busy_poll.h"

#include <utility>

namespace framepipe {

void BusyPoll::heard(const Event& event) {
  if (event.kind != Event::Kind::Frames) return;
  ++heard_;
  talking_ = event.id;
}

bool BusyPoll::again(uv_loop_t* loop) {
  if (const uint32_t heard = std::exchange(heard_, 0)) {
    const auto talking = heard == 1 ? loop_.connection(talking_) : nullptr;
    policy_.heard(talking && talking->busyPolls() ? talking.get() : nullptr);
  }
  return policy_.again(uv_hrtime, uv_backend_timeout(loop) != 0,
                       [this](uint64_t until) { return doorbell_.listen(until, loop_.events()); });
}

}  // namespace framepipe
