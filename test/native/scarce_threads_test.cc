// Impersonation threads where the system lets the process make no more of them, as it may for any user but root: threads.h
// on threads of the test's own.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "check.h"
#include "impersonation/shared_threads.cc"
#include "impersonation/threads.cc"
#include "impersonation/user_queues.cc"

namespace framepipe {

namespace {
std::atomic<bool> refused = false;
std::atomic<int> refusals = 0;
}  // namespace

int SystemThread::start(void (*body)(void*), void* argument) noexcept {
  if (refused) {
    ++refusals;
    return EAGAIN;
  }
  handle_ = reinterpret_cast<uintptr_t>(new std::thread(body, argument));
  return 0;
}

void SystemThread::join() noexcept {
  const std::unique_ptr<std::thread> thread(reinterpret_cast<std::thread*>(std::exchange(handle_, 0)));
  thread->join();
}

void SystemThread::abandon() noexcept {}
bool SystemThread::interrupt() noexcept {
  return false;
}

namespace {

class Script final : public Host {
 public:
  void ring() noexcept override {}
  void deliver() noexcept override {}
  void retain() noexcept override {}
  void release() noexcept override {}
  uv_loop_s* uvLoop() noexcept override { return nullptr; }
};

// What an operation waits for, and what a test does.
class Signal {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  // False: not within ten seconds.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

void checkRefused(Checks& check) {
  EventQueue events;
  Script script;
  ImpersonationThreads threads(events, script);
  Signal begun, released, done;
  const auto hangs = [&](const Cancelled&) {
    begun.set();
    while (!released.wait());
    return Outcome<Result>(Result());
  };
  const auto marks = [&](const Cancelled&) {
    done.set();
    return Outcome<Result>(Result());
  };
  check.that(!threads.post("a", {1, hangs}), "one user's operation");
  check.that(begun.wait(), "which does not come back");
  refused = true;
  check.that(!threads.post("b", {2, marks}), "another user's");
  while (refusals == 0) std::this_thread::yield();
  refused = false;
  check.that(done.wait(), "waits for a thread, and not for the first one's");
  released.set();
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkRefused(check);
  return check.report();
}
