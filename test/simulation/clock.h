// When what has happened last, by the schedule's own time: what a limit of time may and may not be blamed for. One thread.
#pragma once
#include <cstdint>
#include <string_view>

#include "core/loop_options.h"

namespace simulation {

struct Clock {
  uint64_t now = 1000;  // ms
  // The last time that a frame was told, that something came or went, that something had to wait to go, and that the
  // peer has read.
  uint64_t frame = now, came = now, went = now, queued = now, read = now;

  // Whether so much time has passed that this option may end a connection. `tells_read`: the system tells of the latter.
  bool mayEnd(const framepipe::Timeouts& timeouts, std::string_view option, bool tells_read) const {
    const auto passed = [&](uint64_t limit, uint64_t since) { return limit > 0 && now - since >= limit; };
    if (tells_read && option == "writeTimeout" && !passed(timeouts.write, read)) return false;
    if (tells_read && option == "idleTimeout" && !passed(timeouts.idle, read)) return false;
    if (option == "firstFrameTimeout") return passed(timeouts.first_frame, frame);
    if (option == "frameTimeout") return passed(timeouts.frame, frame);
    if (option == "writeTimeout") return passed(timeouts.write, went) && passed(timeouts.write, queued);
    return option == "idleTimeout" && passed(timeouts.idle, came) && passed(timeouts.idle, went);
  }
};

}  // namespace simulation
