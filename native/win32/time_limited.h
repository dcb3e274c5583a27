// A connection that has time limits: the port thread looks at it at every tick, as long as JavaScript's thread turns its
// loop. While that is busy nothing that has come is read on, nor answered: the peer is not to blame for what follows.
#pragma once
#include <memory>
#include <utility>

#include "core/connection.h"
#include "core/event_queue.h"
#include "core/host.h"
#include "win32/port.h"

namespace framepipe::win32 {

class TimeLimited final : public Watched {
 public:
  // `host`, `events`: the loop's, which the port thread does not outlive.
  TimeLimited(std::weak_ptr<Connection> connection, Host& host, const EventQueue& events)
      : connection_(std::move(connection)), host_(host), events_(events) {}

  bool onTick(ULONGLONG now) noexcept override {
    const auto connection = connection_.lock();
    if (!connection) return false;
    const uint64_t turns = events_.taken();
    host_.ring();  // by the next tick it has turned, unless it is busy
    if (std::exchange(turns_, turns) == turns) return true;
    return connection->look(now, Port::kTick);
  }

 private:
  const std::weak_ptr<Connection> connection_;
  Host& host_;
  const EventQueue& events_;
  uint64_t turns_ = 0;
};

}  // namespace framepipe::win32
