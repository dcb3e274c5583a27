// What has happened, on its way to JavaScript. Any thread pushes; the JS thread takes all there is.
#pragma once
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/chunk.h"
#include "core/failure.h"
#include "core/handle_table.h"
#include "core/result.h"

namespace framepipe {

class Connection;

struct Event {
  enum class Kind : uint8_t {
    Frames,    // `id` received `frames`
    Ended,     // `id` receives nothing more: the peer closed, or `failure`
    Unsent,    // frames that `id` had accepted cannot be sent: `failure`
    Drained,   // `id` may send again: its queue has fallen below the mark
    Closed,    // connection `id` is released and its number void; `failure` if it was not in good order
    Accepted,  // listener `id` has the new connection `other`
    Unlistened,  // listener `id` is released and its number void
    Settled,   // request `id`, of connection `other` if that has to know: `result`, or `failure`
  };
  Kind kind;
  Id id;
  Id other = 0;
  Failure failure = {};
  Chunk frames = {};
  Result result = {};
  // Accepted, Settled: the connection that was opened on another thread. It has the reserved number
  // `other`, under which the loop enters it when it settles this event.
  std::shared_ptr<Connection> opened = {};
};

// Where connections tell what has happened. Any thread.
class EventSink {
 public:
  virtual void report(Event&& event) noexcept = 0;

 protected:
  ~EventSink() = default;
};

class EventQueue {
 public:
  // True when the queue was empty: somebody has to see to it that it is drained.
  bool push(Event&& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    return events_.size() == 1;
  }

  // The same, before all that waits; some of them.
  bool pushFirst(std::vector<Event>&& events) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = events_.empty();
    events_.insert(events_.begin(), std::move_iterator(events.begin()), std::move_iterator(events.end()));
    return was_empty;
  }

  bool empty() {
    const std::lock_guard lock(mutex_);
    return events_.empty();
  }

  // Swaps, so that the memory of the last turn is used again.
  void take(std::vector<Event>& into) {
    ++taken_;
    into.clear();
    const std::lock_guard lock(mutex_);
    std::swap(into, events_);
  }

  // How often the JS thread has come to take something: it does at each ring, unless it is busy.
  uint64_t taken() const { return taken_; }

 private:
  std::atomic<uint64_t> taken_{0};
  std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace framepipe
