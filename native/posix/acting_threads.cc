#include "posix/acting_threads.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace framepipe::posix {

constinit ActingThreads acting_threads;

void ActingThreads::enter(Entry& entry) {
  keepDumpable();
  const std::lock_guard lock(mutex_);
  entry = {static_cast<pid_t>(syscall(SYS_gettid)), first_};
  first_ = &entry;
}

void ActingThreads::leave(Entry& entry) {
  restoreDumpable();
  const std::lock_guard lock(mutex_);
  Entry** at = &first_;
  while (*at != &entry) at = &(*at)->next;
  *at = entry.next;
}

// The kernel makes a process undumpable whose ids change, which also takes its own /proc files away from a server
// that is not root. Whoever is last puts back what the first one found.
void ActingThreads::keepDumpable() {
  const std::lock_guard lock(mutex_);
  if (changing_++ == 0) dumpable_ = prctl(PR_GET_DUMPABLE);
}

void ActingThreads::restoreDumpable() {
  const std::lock_guard lock(mutex_);
  if (--changing_ == 0 && dumpable_ == 1) prctl(PR_SET_DUMPABLE, 1);
}

bool ActingThreads::has(pid_t thread) const {
  for (const Entry* entry = first_; entry; entry = entry->next)
    if (entry->thread == thread) return true;
  return false;
}

}  // namespace framepipe::posix
