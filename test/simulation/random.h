// Everything that a schedule decides comes from one 64-bit seed (splitmix64). One thread.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simulation {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t below(size_t limit) { return static_cast<size_t>(((next() >> 32) * limit) >> 32); }
  size_t between(size_t least, size_t greatest) { return least + below(greatest - least + 1); }
  bool chance(size_t percent) { return below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace simulation
