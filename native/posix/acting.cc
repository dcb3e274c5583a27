#include "posix/acting.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "impersonation/fail_fast.h"
#include "posix/threads.h"

namespace framepipe::posix {

namespace {

struct Acting {
  const Subject* subject;
  Credentials own;
  bool changed = false;      // the subject is somebody else
  std::vector<pid_t> known;  // with Until::Script: the threads that there were before
};

// A pointer and no object, for threads may end without a destructor's being run.
thread_local Acting* acting = nullptr;

// Held shared by every thread that acts; alone by one that sets the credentials of all threads.
constinit std::shared_mutex acting_threads;

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
  if (acting && acting->changed && become(acting->own, *acting->subject) != 0)
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

}  // namespace

int startActing(const Subject& subject, Until until) noexcept {
  static const int registered = pthread_atfork(beforeFork, afterFork, inChild);
  if (registered) return registered;
  if (acting) return EBUSY;
  Acting next{&subject, {}, false, {}};
  if (const int error = readCredentials(next.own)) return error;
  next.changed = !actsAs(next.own, subject);
  if (next.changed) {
    if (until == Until::Script && (next.known = threads()).empty()) return ENOENT;
    acting_threads.lock_shared();
    dumpable.enter();
    if (const int error = become(next.own, subject)) {
      dumpable.leave();
      acting_threads.unlock_shared();
      return error;
    }
  }
  acting = new Acting(std::move(next));
  return 0;
}

void stopActing() noexcept {
  if (!acting) return;
  const std::unique_ptr<Acting> past(acting);
  if (past->changed) restore(past->own);
  acting = nullptr;
  if (!past->changed) return;
  dumpable.leave();
  acting_threads.unlock_shared();
  if (!past->known.empty()) reclaimThreads(past->known);
}

}  // namespace framepipe::posix
