// Schedules that have found a fault of the core, to be run first, for ever. A change of what a seed means (scenario.cc,
// the order of random choices) makes them mere schedules: what they found is worth a search for a new one then.
#pragma once
#include <cstdint>

namespace simulation {

struct Seed {
  uint64_t seed;
  const char* found;
};

inline constexpr Seed kSeeds[] = {
    {343,
     "close() after a refused frame hangs: nothing is read any more, and the peer reads only after it has written"},
    {291, "close() after the peer left with something unsent releases the transport as if in order"},
    {154, "close() writes the last bytes, and then a read that nobody needs fails: Closed says EIO"},
};

}  // namespace simulation
