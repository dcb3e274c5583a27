// The core's locks, with nothing behind them: one thread plays all. They find what real ones would hang on, and let
// "other threads" act whenever a lock is given back.
#pragma once

namespace simulation {

class Bystander {
 public:
  virtual void unlocked() noexcept = 0;

 protected:
  ~Bystander() = default;
};

struct Locks {
  static Bystander* bystander;
  static bool held;      // a connection's
  static bool deadlock;  // it was locked twice, or given back without need
};

}  // namespace simulation
