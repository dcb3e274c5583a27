#include "posix/reclaim.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "impersonation/fail_fast.h"
#include "posix/acting_threads.h"

namespace framepipe::posix {

namespace {

constexpr int64_t kPatience = 5'000'000'000;   // nanoseconds until the process ends
constexpr int64_t kAskedEnough = 500'000'000;  // until those that hear no signal are changed with all others
constexpr int64_t kFirstPause = 50'000, kLongestPause = 10'000'000;

int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void pauseFor(int64_t nanoseconds) {
  const timespec time{0, static_cast<long>(nanoseconds)};
  nanosleep(&time, nullptr);
}

// What threads are asked to be. It stays for ever, as they may hear of it late; a server has one, as long as its own
// credentials do not change.
struct Wish {
  Credentials own;
  Wish* next = nullptr;
};
constinit std::atomic<Wish*> wishes = nullptr;
constinit std::mutex making_wishes;

const Wish& wishFor(const Credentials& own) {
  const std::lock_guard lock(making_wishes);
  Wish* const first = wishes;
  for (Wish* each = first; each; each = each->next)
    if (each->own == own) return *each;
  wishes = new Wish{own, first};
  return *wishes;
}

// On the thread that is asked, in the midst of anything.
void grant(int, siginfo_t* info, void*) {
  const int error = errno;
  // Others who may signal this process can say what they like.
  for (const Wish* each = wishes; each; each = each->next)
    if (each == info->si_value.sival_ptr) tryToRestore(each->own);
  errno = error;
}

// A signal that nobody in this process uses; 0 when there is none. It stays ours.
int ownSignal() {
  static const int own = [] {
    for (int each = SIGRTMAX; each >= SIGRTMIN; --each) {
      struct sigaction used{};
      if (sigaction(each, nullptr, &used) || used.sa_handler != SIG_DFL) continue;
      struct sigaction action{};
      action.sa_sigaction = grant;
      action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
      if (sigaction(each, &action, nullptr) == 0) return each;
    }
    return 0;
  }();
  return own;
}

void ask(pid_t thread, const Wish& wish) {
  siginfo_t info{};
  info.si_signo = ownSignal();
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_value.sival_ptr = const_cast<Wish*>(&wish);
  if (info.si_signo) syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, info.si_signo, &info);
}

class Reclaiming {
 public:
  Reclaiming(Threads& threads, const std::vector<pid_t>& known, const Credentials& acted)
      : threads_(threads), known_(known), acted_(acted) {}

  void run() {
    look();
    if (asked_.empty()) return;
    if (readCredentials(own_)) failFast("the credentials of this thread cannot be read");
    const Wish& wish = wishFor(own_);
    acting_threads.keepDumpable();
    const int64_t begin = now();
    size_t sent = 0;
    for (int64_t pause = kFirstPause; !asked_.empty(); pause = std::min(pause * 2, kLongestPause)) {
      for (; sent < asked_.size(); ++sent) ask(asked_[sent], wish);
      pauseFor(pause);
      // A thread that hears no signal hears that one by which the C library sets the ids of all of them.
      if (now() - begin > kAskedEnough && own_.users.effective == 0)
        acting_threads.alone([this] { restoreAllThreads(own_); });
      std::erase_if(asked_, [this](pid_t thread) { return isDone(thread); });
      sent = asked_.size();
      look();  // a stranger may have made another one meanwhile
      if (!asked_.empty() && now() - begin > kPatience)
        failFast(
            "a thread that was made while acting as a client keeps the client's identity: make none in runAsClient");
    }
    acting_threads.restoreDumpable();
  }

 private:
  // Adds the strangers that have not been asked.
  void look() {
    const std::vector<pid_t> all = threads_.all();
    if (all.empty()) failFast("the threads of this process cannot be seen any more");
    for (const pid_t thread : all) {
      if (std::binary_search(known_.begin(), known_.end(), thread)) continue;
      if (std::find(asked_.begin(), asked_.end(), thread) != asked_.end()) continue;
      if (acting_threads.beside(thread, [&] { return isStranger(thread); })) asked_.push_back(thread);
    }
  }

  // Whoever cannot be seen may be one.
  bool isStranger(pid_t thread) {
    const Threads::Is is = threads_.who(thread, acted_);
    return is == Threads::Is::Somebody || is == Threads::Is::Unknown;
  }

  bool isDone(pid_t thread) {
    const Threads::Is is = threads_.who(thread, own_);
    return is == Threads::Is::Somebody || is == Threads::Is::Gone;
  }

  Threads& threads_;
  const std::vector<pid_t>& known_;
  const Credentials& acted_;
  Credentials own_;
  std::vector<pid_t> asked_;
};

}  // namespace

void reclaimThreads(Threads& threads, const std::vector<pid_t>& known, const Credentials& acted) noexcept {
  Reclaiming(threads, known, acted).run();
}

}  // namespace framepipe::posix
