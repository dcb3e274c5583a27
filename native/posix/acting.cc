#include "posix/acting.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "impersonation/fail_fast.h"
#include "posix/acting_threads.h"
#include "posix/reclaim.h"
#include "posix/threads.h"

namespace framepipe::posix {

namespace {

// setresuid(3) and its like change the ids of all threads: the C library sends each of them a real-time signal, and waits
// until its handler has made the system call. On a thread that acts, that call would leave a mixture of the client and
// the server, or fail, for which glibc ends the process. A thread that makes nothing but system calls blocks these signals
// while it acts, ours among them (reclaim.cc): the other thread waits that long. A thread that runs script must not, for
// it may make threads, and glibc holds the lock for that while it waits; so it looks, before it is itself again, whether it
// was changed. The C library's own functions do not let these signals be blocked, hence the system call.
class RealTimeSignals {
 public:
  int block() { return change(SIG_BLOCK, kAll, &before_); }
  void unblock() { change(SIG_UNBLOCK, kAll & ~before_, nullptr); }

 private:
  static constexpr uint64_t kAll = ~uint64_t{0} << 31;  // from 32 on: SIGSETXID is 33 in glibc, SIGSYNCCALL 34 in musl

  static int change(int how, uint64_t signals, uint64_t* before) {
    return syscall(SYS_rt_sigprocmask, how, &signals, before, sizeof signals) ? errno : 0;
  }

  uint64_t before_ = 0;
};

struct Acting {
  const Subject* subject;
  Until until;
  Credentials own;
  bool changed = false;  // the subject is somebody else
  Credentials acted;  // what this thread is meanwhile
  Threads threads;  // with Until::Script: to look for those that were made,
  std::vector<pid_t> known;  // which are not among those that there were before
  RealTimeSignals signals;
  ActingThreads::Entry entry;
};

// A pointer and no object, for threads may end without a destructor's being run.
thread_local Acting* acting = nullptr;

void beforeFork() {
  if (acting && acting->changed) restore(acting->own);
}

void afterFork() {
  if (!acting || !acting->changed) return;
  if (become(acting->own, *acting->subject) != 0 || readCredentials(acting->acted) != 0)
    failFast("a thread cannot go on acting as a client after making a process");
}

void inChild() {
  acting = nullptr;
}

// The signals are blocked: nobody changes this thread's ids between two looks at them.
int enter(Acting& next) {
  if (const int error = readCredentials(next.own)) return error;
  next.changed = !actsAs(next.own, *next.subject);
  if (!next.changed) return 0;
  if (next.until == Until::Script) {
    if (const int error = next.threads.open()) return error;
    next.known = next.threads.all();
  }
  acting_threads.enter(next.entry);
  int error = become(next.own, *next.subject);
  if (!error && (error = readCredentials(next.acted))) restore(next.own);
  if (error) acting_threads.leave(next.entry);
  return error;
}

// Itself again, as it was before: which would undo what somebody else has made of all threads meanwhile.
void leave(const Acting& past) {
  Credentials now;
  if (past.until == Until::Script && (readCredentials(now) || now != past.acted))
    failFast("the ids of all threads were changed while one acted as a client in runAsClient");
  restore(past.own);
}

}  // namespace

int startActing(const Subject& subject, Until until) noexcept {
  static const int registered = pthread_atfork(beforeFork, afterFork, inChild);
  if (registered) return registered;
  if (acting) return EBUSY;
  auto next = std::make_unique<Acting>();
  next->subject = &subject;
  next->until = until;
  // Before the signals are blocked: who is alone sets the ids of all threads, and waits for each of them.
  acting_threads.begin();
  int error = next->signals.block();
  if (!error) {
    error = enter(*next);
    if (error || !next->changed || until == Until::Script) next->signals.unblock();
  }
  if (error || !next->changed) acting_threads.end();
  if (!error) acting = next.release();
  return error;
}

void stopActing() noexcept {
  if (!acting) return;
  const std::unique_ptr<Acting> past(std::exchange(acting, nullptr));
  if (!past->changed) return;
  if (past->until == Until::Script && past->signals.block())
    failFast("a thread cannot become itself again after acting as a client");
  leave(*past);
  acting_threads.leave(past->entry);
  past->signals.unblock();
  acting_threads.end();
  if (past->until == Until::Script) reclaimThreads(past->threads, past->known, past->acted);
}

uid_t ownUser() noexcept {
  return acting ? acting->own.users.effective : ::geteuid();
}

}  // namespace framepipe::posix
