// How long a connection may wait for its peer. A loop looks at it from time to time and tells the time: nothing that
// arrives or leaves is timed, and what is not limited is not looked at. Time counts only while nothing has happened from
// one look to the next, so that a limit is never early, and late by two looks at most. Under the connection's lock.
#pragma once
#include <cstdint>

#include "core/failure.h"
#include "core/loop_options.h"

namespace framepipe {

class TimeLimits {
 public:
  explicit TimeLimits(const Timeouts& timeouts) : timeouts_(timeouts) {}

  // How a connection stands when it is looked at.
  struct Standing {
    bool open;  // close() was not called: what comes then is thrown away, and nothing is said of it
    bool reads;  // it takes what comes: where it does not, the peer cannot be blamed for what does not come
    bool may_come;  // something can still arrive
    bool frame_begun;  // and is not complete
    bool queued;  // something waits for the system to take it
    uint64_t in, frames_in, out;  // how much has come and gone
    uint64_t unread = 0;  // Transport::unread()
  };

  // `now` and `usual`, the time from one look to the next: ms. What ran out, if anything did. A look that comes late
  // counts for no more than two: then it was this process that was busy, or the machine that slept.
  Failure look(uint64_t now, uint64_t usual, const Standing& standing);

  // Whether Standing::unread matters.
  bool needsProgress() const { return timeouts_.progress(); }

  // How often to look, in ms, so that a limit is not late by more than a quarter, or by 20 ms.
  static uint64_t period(const Timeouts& timeouts);

 private:
  // What has to happen within `limit`.
  struct Wait {
    uint64_t waited = 0;
    bool over(uint64_t limit, bool waits, uint64_t elapsed) {
      waited = waits && limit > 0 ? waited + elapsed : 0;
      return limit > 0 && waited >= limit;
    }
  };

  const Timeouts timeouts_;
  bool looked_ = false;
  uint64_t then_ = 0;
  Standing before_{};
  Wait first_frame_, frame_, idle_, write_;
};

}  // namespace framepipe
