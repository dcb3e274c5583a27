#include "locks.h"

#include "core/mutex.h"

namespace simulation {

Bystander* Locks::bystander = nullptr;
bool Locks::held = false;
bool Locks::deadlock = false;

}  // namespace simulation

namespace framepipe {

using simulation::Locks;

void Mutex::lock() noexcept {
  if (words_[0].load(std::memory_order_relaxed)) Locks::deadlock = true;
  words_[0].store(1, std::memory_order_relaxed);
  Locks::held = true;
}

void Mutex::unlock() noexcept {
  if (!words_[0].load(std::memory_order_relaxed)) Locks::deadlock = true;
  words_[0].store(0, std::memory_order_relaxed);
  Locks::held = false;
  if (Locks::bystander) Locks::bystander->unlocked();
}

}  // namespace framepipe
