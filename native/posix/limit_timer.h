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
  // So many connections end in a turn: what JavaScript does with their ends, others wait for.
  static constexpr size_t kEnds = 64;

  explicit LimitTimer(LoopState& state) : state_(state), timer_(*this) {}

  void add(const std::shared_ptr<Connection>& connection, const Timeouts& timeouts);
  void close() { timer_.close(); }

  // libuv has polled, and all that it found has been read.
  void polled();

 private:
  void elapsed() override;
  void start(uint64_t milliseconds);
  bool look();

  LoopState& state_;
  Timer timer_;
  std::vector<std::weak_ptr<Connection>> connections_;
  uint64_t period_ = 0;  // ms, the shortest that one of them needs; 0: there are none
  bool due_ = false;     // since now_: after the next round of polling
  uint64_t now_ = 0;
  size_t next_ = 0;  // of connections_
};

}  // namespace framepipe::posix
