// What the listeners and connections of one loop share: the way events take to JavaScript, and
// libuv's loop. JS thread only.
#pragma once
#include <memory>
#include <utility>

#include "core/connection.h"
#include "posix/busy_poll.h"
#include "posix/limit_timer.h"
#include "posix/open_handles.h"
#include "posix/recent_readers.h"

namespace framepipe::posix {

class LoopState final : public EventSink {
 public:
  LoopState(Host& host, EventQueue& events) : host_(host), events_(events), busy_poll_(host.uvLoop()) {}

  Host& host() { return host_; }
  uv_loop_s* uvLoop() { return host_.uvLoop(); }
  OpenHandles& handles() { return handles_; }
  const std::shared_ptr<BlockPool>& pool() const { return pool_; }
  Connection::Context context() { return {host_, *this, pool_}; }
  RecentReaders& recentReaders() { return recent_readers_; }
  BusyPoll& busyPoll() { return busy_poll_; }
  LimitTimer& limitTimer() { return limit_timer_; }

  // In a Turn, what is reported is delivered when it is due; in a call from JavaScript, by the doorbell.
  void report(Event&& event) noexcept override;

  // roundEnded() is called from now on.
  void watchRounds();

  // From here on nothing is reported any more.
  void stop();
  bool stopped() const { return stopped_; }

 private:
  friend class Turn;
  using Check = OpenHandle<uv_check_t, LoopState>;

  void deliver();
  void roundEnded();

  Host& host_;
  EventQueue& events_;
  OpenHandles handles_;
  std::shared_ptr<BlockPool> pool_ = std::make_shared<BlockPool>();
  RecentReaders recent_readers_;
  BusyPoll busy_poll_;
  LimitTimer limit_timer_{*this};
  Check* check_ = nullptr;
  size_t reported_bytes_ = 0;
  bool in_turn_ = false;
  bool reported_ = false;  // and not delivered yet
  bool stopped_ = false;
};

// A callback of libuv's. What it reports is delivered when the Turn ends, or with what other
// descriptors have to tell in the same round of polling: many connections cross to JavaScript for
// the price of one. When it ends JavaScript may have done anything to any object of the loop.
class Turn {
 public:
  enum class Of : bool { Timer, Polling };

  Turn(LoopState& state, Of of) : state_(state), of_(of) { state_.in_turn_ = true; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn();

 private:
  LoopState& state_;
  Of of_;
};

// One reason for the process to stay alive, counted once.
class Retention {
 public:
  explicit Retention(Host& host) : host_(host) {}
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;
  ~Retention() { set(false); }

  void set(bool on) {
    if (std::exchange(on_, on) == on) return;
    on ? host_.retain() : host_.release();
  }

 private:
  Host& host_;
  bool on_ = false;
};

}  // namespace framepipe::posix
