#include "posix/acting.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "impersonation/fail_fast.h"
#include "posix/threads.h"

namespace framepipe::posix {

namespace {

// setresuid(3) and its like change the ids of all threads: the C library sends each of them this signal, and waits until
// its handler has made the system call. On a thread that acts, that call would leave a mixture of the client and the
// server, or fail, for which glibc ends the process. A thread that makes nothing but system calls blocks the signal while
// it acts: the other thread waits that long. A thread that runs script must not, for it may make threads, and glibc holds
// the lock for that while it waits; so it looks, before it is itself again, whether it was changed. The C library's own
// functions do not let this signal be blocked, hence the system call.
class SetIdSignal {
 public:
  int block() { return change(SIG_BLOCK, &before_); }
  void unblock() {
    if (!(before_ & kSet)) change(SIG_UNBLOCK, nullptr);
  }

 private:
#ifdef __GLIBC__
  static constexpr int kSignal = 33;  // SIGSETXID
#else
  static constexpr int kSignal = 34;  // musl's SIGSYNCCALL
#endif
  static constexpr uint64_t kSet = uint64_t{1} << (kSignal - 1);

  static int change(int how, uint64_t* before) {
    return syscall(SYS_rt_sigprocmask, how, &kSet, before, sizeof kSet) ? errno : 0;
  }

  uint64_t before_ = 0;
};

struct Acting {
  const Subject* subject;
  Until until;
  Credentials own;
  bool changed = false;      // the subject is somebody else
  std::vector<pid_t> known;  // with Until::Script: the threads that there were before,
  Credentials acted;         // and what this one is meanwhile
  SetIdSignal set_id_signal;
};

// A pointer and no object, for threads may end without a destructor's being run.
thread_local Acting* acting = nullptr;

// Like std::shared_mutex, which not every C++ library lets be there before any code runs.
class SharedMutex {
 public:
  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
};

// Held shared by every thread that acts; alone by one that sets the credentials of all threads.
constinit SharedMutex acting_threads;

// The kernel makes a process undumpable whose ids change, which also takes its own /proc files away from a server
// that is not root. Whoever stops acting last puts back what the first one found.
class Dumpable {
 public:
  void enter() {
    const std::lock_guard lock(mutex_);
    if (entered_++ == 0) before_ = prctl(PR_GET_DUMPABLE);
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--entered_ == 0 && before_ == 1) prctl(PR_SET_DUMPABLE, 1);
  }

 private:
  std::mutex mutex_;
  size_t entered_ = 0;
  int before_ = 0;
};
constinit Dumpable dumpable;

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

// Threads inherit. Those that are not in `known` may have been made while this one, now itself again, was the client.
void reclaimThreads(const std::vector<pid_t>& known) {
  const std::string own = identityHere();
  if (!strangersBeside(known, own)) return;
  // Nobody acts from here on: whoever is somebody else now is so by inheritance.
  const std::lock_guard lock(acting_threads);
  dumpable.enter();
  Credentials credentials;
  // A stranger gets root's capabilities back with root's id. From a server that holds some without being root it has
  // inherited none, and nobody can give it any.
  const bool curable = readCredentials(credentials) == 0 && credentials.users.effective == 0;
  bool clean = !strangersBeside(known, own);
  // More than once, for a stranger may have made another one while we looked.
  for (int attempt = 0; curable && !clean && attempt < 16; ++attempt) {
    if (restoreAllThreads(credentials)) break;
    clean = !strangersBeside(known, own);
  }
  dumpable.leave();
  if (!clean)
    failFast("a thread that was made while acting as a client keeps the client's identity: make none in runAsClient");
}

// The signal is blocked: nobody changes this thread's ids between two looks at them.
int enter(Acting& next) {
  if (const int error = readCredentials(next.own)) return error;
  next.changed = !actsAs(next.own, *next.subject);
  if (!next.changed) return 0;
  if (next.until == Until::Script && (next.known = threads()).empty()) return ENOENT;
  dumpable.enter();
  int error = become(next.own, *next.subject);
  if (!error && (error = readCredentials(next.acted))) restore(next.own);
  if (error) dumpable.leave();
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
  // Before the signal is blocked: who holds this alone sets the ids of all threads, and waits for each of them.
  acting_threads.lock_shared();
  int error = next->set_id_signal.block();
  if (!error) {
    error = enter(*next);
    if (error || !next->changed || until == Until::Script) next->set_id_signal.unblock();
  }
  if (error || !next->changed) acting_threads.unlock_shared();
  if (!error) acting = next.release();
  return error;
}

void stopActing() noexcept {
  if (!acting) return;
  const std::unique_ptr<Acting> past(std::exchange(acting, nullptr));
  if (!past->changed) return;
  if (past->until == Until::Script && past->set_id_signal.block())
    failFast("a thread cannot become itself again after acting as a client");
  leave(*past);
  past->set_id_signal.unblock();
  dumpable.leave();
  acting_threads.unlock_shared();
  if (!past->known.empty()) reclaimThreads(past->known);
}

}  // namespace framepipe::posix
