// A connection's lock with nothing behind it: one thread plays all. It finds what a real one would hang on, and lets
// "other threads" act whenever it is given back.
#pragma once
#include "core/mutex.h"

namespace simulation {

class Bystander {
 public:
  virtual void unlocked() noexcept = 0;

 protected:
  ~Bystander() = default;
};

class CheckedMutex final : public framepipe::Mutex {
 public:
  void lock() noexcept override {
    broken_ = broken_ || held_;
    held_ = true;
  }
  void unlock() noexcept override {
    broken_ = broken_ || !held_;
    held_ = false;
    if (bystander) bystander->unlocked();
  }

  bool held() const { return held_; }
  bool broken() const { return broken_; }  // it was locked twice, or given back without need

  Bystander* bystander = nullptr;

 private:
  bool held_ = false;
  bool broken_ = false;
};

}  // namespace simulation
