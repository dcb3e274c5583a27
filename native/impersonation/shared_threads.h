// What the impersonation threads of an environment have in common: see threads.h. The JS thread's part is in threads.cc, theirs
// in shared_threads.cc.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "impersonation/system_thread.h"
#include "impersonation/threads.h"
#include "impersonation/user_queues.h"

namespace framepipe {

// Each worker holds it, for it may be the last one that needs it.
class ImpersonationThreads::Shared : public std::enable_shared_from_this<Shared> {
 public:
  Shared(EventQueue& events, Host& host) : events_(events), host_(host) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  Failure post(Job&& job);
  Failure post(const std::string& user, Job&& job);
  void cancel(const std::string& user, Id request);
  void stop(std::chrono::milliseconds patience);

 private:
  struct Worker {
    SystemThread thread = {};
    std::condition_variable called = {};
    bool free = false;  // it waits for work
    Id request = 0;  // what it is doing, in whose turn
    UserQueues::Queue* queue = nullptr;
    Cancelled cancelled{false};
  };
  using Lock = std::unique_lock<std::mutex>;
  static Failure noThread(int error);

  // JS thread, as threads.cc, under the lock like all below.
  int startFirst();
  void callWorker();

  // The first thread.
  void takeIdentities(Lock& lock);
  void waitForJobs(Lock& lock);
  void makeWorker();

  // A worker.
  void serve(Lock& lock, Worker& worker);
  bool waitForWork(Lock& lock, Worker& worker);

  // Any of them.
  bool wantsWorker() const;
  bool interruptCancelled();
  void joinEnded();
  bool settle(Id request, Outcome<Result>&& outcome);

  EventQueue& events_;  // until stopping_
  Host& host_;

  std::mutex mutex_;  // all below
  std::condition_variable changed_;
  bool stopping_ = false;
  SystemThread first_;  // takes identities and makes workers
  std::deque<Job> jobs_;  // its own
  UserQueues queues_;
  std::list<Worker> workers_;
  std::list<Worker> ended_;  // to be joined
  std::vector<Worker*> free_;  // the last one has waited least: the others may end
  size_t coming_ = 0;  // workers that were called or made, and have not looked for work yet
  size_t ringing_ = 0;  // workers that ring without the lock
  bool interrupting_ = false;  // cancelled work is still in progress, and may be interrupted
  std::chrono::milliseconds pause_{};
  bool refused_ = false;  // the system let this process make no worker, the last time
};

}  // namespace framepipe
