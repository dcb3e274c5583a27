#include "core/time_limits.h"

#include <algorithm>

namespace framepipe {

namespace {
constexpr uint64_t kShortestPeriod = 10, kLongestPeriod = 1000;

constexpr Failure timedOut(const char* syscall, const char* option, const char* hint) {
  return {"ETIMEDOUT", syscall, 0, hint, {}, option};
}
}  // namespace

uint64_t TimeLimits::period(const Timeouts& timeouts) {
  uint64_t shortest = 8 * kLongestPeriod;
  for (const uint64_t limit : {timeouts.first_frame, timeouts.frame, timeouts.idle, timeouts.write})
    if (limit > 0) shortest = std::min(shortest, limit);
  return std::clamp(shortest / 8, kShortestPeriod, kLongestPeriod);
}

Failure TimeLimits::look(uint64_t now, uint64_t usual, const Standing& standing) {
  const Standing before = before_;
  const uint64_t elapsed = looked_ ? std::min(now - then_, 2 * usual) : 0;
  const uint64_t listened = standing.reads && before.reads ? elapsed : 0;  // while we do not read, nothing can come
  looked_ = true;
  then_ = now;
  before_ = standing;

  const bool came = standing.in != before.in, went = standing.out != before.out || standing.unread != before.unread;
  const bool same_frame = standing.frames_in == before.frames_in && before.frame_begun && standing.frame_begun;
  // What is queued is the peer's to take, whether we read or not: we may be waiting for just that before we do.
  const bool stuck = before.queued && standing.queued && !went;
  if (first_frame_.over(timeouts_.first_frame, standing.may_come && standing.frames_in == 0, listened))
    return timedOut("read", "firstFrameTimeout", "no frame was complete within firstFrameTimeout");
  if (frame_.over(timeouts_.frame, same_frame, listened))
    return timedOut("read", "frameTimeout", "a frame that was begun was not complete within frameTimeout");
  if (write_.over(timeouts_.write, stuck, elapsed))
    return timedOut("write", "writeTimeout", "the peer took nothing of what is queued within writeTimeout");
  if (idle_.over(timeouts_.idle, standing.open && !came && !went, stuck ? elapsed : listened))
    return timedOut("read", "idleTimeout", "nothing came and nothing went within idleTimeout");
  return {};
}

}  // namespace framepipe
