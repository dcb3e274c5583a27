// What keeps the threads of a connection apart. The platform provides it, for some libraries' std::mutex makes a kernel
// object, and system calls, as soon as two threads meet.
#pragma once

namespace framepipe {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  virtual void lock() noexcept = 0;
  virtual void unlock() noexcept = 0;

 protected:
  ~Mutex() = default;
};

// For std::lock_guard and std::unique_lock: nothing, where one thread does everything.
class OptionalMutex {
 public:
  explicit OptionalMutex(Mutex* mutex) : mutex_(mutex) {}

  void lock() noexcept {
    if (mutex_) mutex_->lock();
  }
  void unlock() noexcept {
    if (mutex_) mutex_->unlock();
  }

 private:
  Mutex* const mutex_;
};

}  // namespace framepipe
