// The threads of this process that act as a client at this moment, and what the process must see to meanwhile. One
// for all JavaScript environments, as are the kernel's "dumpable" flag and the C library's setresuid(). Any thread.
#pragma once
#include <pthread.h>
#include <sys/types.h>

#include <cstddef>
#include <mutex>

namespace framepipe::posix {

class ActingThreads {
 public:
  constexpr ActingThreads() = default;

  // Around all that a thread does to act: whoever sets the ids of all threads waits for the end of it.
  void begin() { pthread_rwlock_rdlock(&busy_); }
  void end() { pthread_rwlock_unlock(&busy_); }

  struct Entry {
    pid_t thread = 0;
    Entry* next = nullptr;
  };
  // The calling thread is about to act; it is itself again. Between begin() and end(), with the same entry.
  void enter(Entry& entry);
  void leave(Entry& entry);

  // Whether `look` finds something in a thread that does not act, nor begins to while it is looked at.
  template <class Look>
  bool beside(pid_t thread, Look look) {
    const std::lock_guard lock(mutex_);
    return !has(thread) && look();
  }

  // Calls `act` while nobody acts; not at all if somebody does at this moment.
  template <class Act>
  void alone(Act act) {
    if (pthread_rwlock_trywrlock(&busy_)) return;
    act();
    pthread_rwlock_unlock(&busy_);
  }

  // Ids change by other ways than enter(), and so does what they make of the flag.
  void keepDumpable();
  void restoreDumpable();

 private:
  bool has(pid_t thread) const;

  // Not std::shared_mutex, which not every C++ library lets be there before any code runs.
  pthread_rwlock_t busy_ = PTHREAD_RWLOCK_INITIALIZER;
  std::mutex mutex_;  // all below
  Entry* first_ = nullptr;
  size_t changing_ = 0;
  int dumpable_ = 0;
};

extern ActingThreads acting_threads;

}  // namespace framepipe::posix
