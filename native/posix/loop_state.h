// What the listeners and connections of one loop share: the way events take to JavaScript, and
// libuv's loop. JS thread only.
#pragma once
#include <memory>
#include <utility>

#include "core/block_pool.h"
#include "core/event_queue.h"
#include "core/host.h"
#include "posix/open_handles.h"

namespace framepipe::posix {

class LoopState {
 public:
  LoopState(Host& host, EventQueue& events) : host_(host), events_(events) {}

  Host& host() { return host_; }
  uv_loop_s* uvLoop() { return host_.uvLoop(); }
  OpenHandles& handles() { return handles_; }
  const std::shared_ptr<BlockPool>& pool() const { return pool_; }

  // In a Turn, what is reported is delivered at its end; in a call from JavaScript, by the doorbell.
  void report(Event&& event) {
    if (stopped_) return;
    const bool first = events_.push(std::move(event));
    if (in_turn_)
      reported_ = true;
    else if (first)
      host_.ring();
  }

  // From here on nothing is reported any more.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  friend class Turn;

  Host& host_;
  EventQueue& events_;
  OpenHandles handles_;
  std::shared_ptr<BlockPool> pool_ = std::make_shared<BlockPool>();
  bool in_turn_ = false;
  bool reported_ = false;
  bool stopped_ = false;
};

// A callback of libuv's: all that it reports becomes one delivery, when the Turn ends. JavaScript
// runs then, and may have done anything to any object of the loop.
class Turn {
 public:
  explicit Turn(LoopState& state) : state_(state) { state_.in_turn_ = true; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    state_.in_turn_ = false;
    if (std::exchange(state_.reported_, false)) state_.host_.deliver();
  }

 private:
  LoopState& state_;
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
