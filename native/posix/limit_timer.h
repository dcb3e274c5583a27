// Looks from time to time at all connections of a loop that have time limits: one timer. JS thread only.
#pragma once
#include <memory>
#include <vector>

#include "core/connection.h"
#include "posix/timer.h"

namespace framepipe::posix {

class LoopState;

class LimitTimer final : private Timer::Owner {
 public:
  explicit LimitTimer(LoopState& state) : state_(state), timer_(*this) {}

  void add(const std::shared_ptr<Connection>& connection, const Timeouts& timeouts);
  void close() { timer_.close(); }

 private:
  void elapsed() override;

  LoopState& state_;
  Timer timer_;
  std::vector<std::weak_ptr<Connection>> connections_;
  uint64_t period_ = 0;  // ms, the shortest that one of them needs; 0: there are none
};

}  // namespace framepipe::posix
