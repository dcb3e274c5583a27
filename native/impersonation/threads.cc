#include "impersonation/threads.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "impersonation/system_thread.h"
#include "impersonation/user_queues.h"

namespace framepipe {

namespace {

// So long a thread waits for work before it ends: a client's next operation should find one.
constexpr std::chrono::seconds kIdle{5};

// Between two attempts to interrupt a thread: at first, and at last.
constexpr std::chrono::milliseconds kFirstPause{1}, kLongestPause{1000};

constexpr Failure kTooMany{
    "EAGAIN",
    "runAsClient",
    0,
    "too many operations of this client's user wait already (4,096): await some of them before you begin another",
    {}};

Failure noThread(int error) {
  return {"EAGAIN", "runAsClient", error, "the system lets this process make no further thread", {}};
}

}  // namespace

class ImpersonationThreads::Shared {
 public:
  Shared(EventQueue& events, Host& host) : events_(events), host_(host) {}

  Failure post(Job&& job);
  Failure post(const std::string& user, Job&& job);
  void cancel(const std::string& user, Id request);
  void stop();

 private:
  struct Worker {
    explicit Worker(Shared* s) : shared(s) {}

    Shared* const shared;
    SystemThread thread = {};
    std::condition_variable called = {};
    bool free = false;  // it waits for work
    Id request = 0;     // what it is doing, in whose turn
    UserQueues::Queue* queue = nullptr;
    Cancelled cancelled{false};
  };
  using Lock = std::unique_lock<std::mutex>;

  int startFirst();
  void callWorker();
  void waitForJobs(Lock& lock);
  bool interruptCancelled();
  void takeIdentities(Lock& lock);
  bool wantsWorker() const;
  void makeWorker();
  void joinEnded();
  void serve(Lock& lock, Worker& worker);
  bool waitForWork(Lock& lock, Worker& worker);
  void settle(Id request, Outcome<Result>&& outcome);

  EventQueue& events_;
  Host& host_;

  std::mutex mutex_;  // all below
  std::condition_variable changed_;
  bool stopping_ = false;
  SystemThread first_;  // takes identities and makes workers
  std::deque<Job> jobs_;  // its own
  UserQueues queues_;
  std::list<Worker> workers_;
  std::list<Worker> ended_;    // to be joined
  std::vector<Worker*> free_;  // the last one has waited least: the others may end
  size_t coming_ = 0;  // workers that were called or made, and have not looked for work yet
  bool interrupting_ = false;  // cancelled work is still in progress, and may be interrupted
  std::chrono::milliseconds pause_{};
  bool refused_ = false;  // the system let this process make no worker, the last time
};

// JS thread.
Failure ImpersonationThreads::Shared::post(Job&& job) {
  const Lock lock(mutex_);
  if (stopping_) return environmentEnding("runAsClient");
  if (const int error = startFirst()) return noThread(error);
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return {};
}

// JS thread.
Failure ImpersonationThreads::Shared::post(const std::string& user, Job&& job) {
  const Lock lock(mutex_);
  if (stopping_) return environmentEnding("runAsClient");
  if (const int error = startFirst()) return noThread(error);
  if (!queues_.add(user, std::move(job))) return kTooMany;
  refused_ = false;
  callWorker();
  return {};
}

// JS thread.
void ImpersonationThreads::Shared::cancel(const std::string& user, Id request) {
  std::optional<Job> dropped;
  const Lock lock(mutex_);
  dropped = queues_.remove(user, request);
  if (dropped) return;
  for (Worker& worker : workers_) {
    if (worker.request != request || worker.cancelled.exchange(true)) continue;
    queues_.leave(worker.queue);
    callWorker();
    if (!worker.thread.interrupt()) return;
    interrupting_ = true;
    pause_ = kFirstPause;
    changed_.notify_one();
  }
}

// For a user whose turn it may be now.
void ImpersonationThreads::Shared::callWorker() {
  if (queues_.ready() <= coming_) return;
  if (free_.empty()) {
    if (wantsWorker()) changed_.notify_one();
    return;
  }
  Worker& worker = *free_.back();
  free_.pop_back();
  worker.free = false;
  ++coming_;
  worker.called.notify_one();
}

// JS thread.
void ImpersonationThreads::Shared::stop() {
  std::deque<Job> dropped, dropped_of_users;
  Lock lock(mutex_);
  stopping_ = true;
  dropped.swap(jobs_);
  dropped_of_users = queues_.takeAll();
  changed_.notify_all();
  for (Worker& worker : workers_) worker.called.notify_one();
  SystemThread first = std::move(first_);
  lock.unlock();
  if (first) first.join();
  lock.lock();
  changed_.wait(lock, [this] { return workers_.empty(); });
  joinEnded();
}

int ImpersonationThreads::Shared::startFirst() {
  if (first_) return 0;
  const auto run = [](void* own) {
    auto& shared = *static_cast<Shared*>(own);
    Lock lock(shared.mutex_);
    shared.takeIdentities(lock);
  };
  return first_.start(run, this);
}

// The first thread.
void ImpersonationThreads::Shared::takeIdentities(Lock& lock) {
  for (;;) {
    waitForJobs(lock);
    if (stopping_) return;
    if (wantsWorker()) {
      makeWorker();
      continue;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Outcome<Result> outcome = job.work(Cancelled(false));
    job.work = nullptr;  // before JavaScript hears of it: what the work held must not be released last from here
    lock.lock();
    settle(job.request, std::move(outcome));
  }
}

void ImpersonationThreads::Shared::waitForJobs(Lock& lock) {
  const auto something = [this] { return stopping_ || !jobs_.empty() || wantsWorker(); };
  while (!something()) {
    if (!interrupting_) {
      changed_.wait(lock);
    } else if (!changed_.wait_for(lock, pause_, something)) {
      pause_ = std::min(2 * pause_, kLongestPause);
      interrupting_ = interruptCancelled();
    }
  }
}

// False: no work in progress is cancelled, or nothing interrupts it.
bool ImpersonationThreads::Shared::interruptCancelled() {
  bool again = false;
  for (Worker& worker : workers_) again |= worker.request && worker.cancelled && worker.thread.interrupt();
  return again;
}

bool ImpersonationThreads::Shared::wantsWorker() const {
  return queues_.ready() > coming_ && free_.empty() && workers_.size() < kMost && !refused_;
}

// The first thread.
void ImpersonationThreads::Shared::makeWorker() {
  joinEnded();
  Worker& worker = workers_.emplace_back(this);
  const auto run = [](void* own) {
    auto& self = *static_cast<Worker*>(own);
    Lock lock(self.shared->mutex_);
    self.shared->serve(lock, self);
  };
  const int error = worker.thread.start(run, &worker);
  if (!error) {
    ++coming_;
    return;
  }
  refused_ = true;
  workers_.pop_back();
  if (!workers_.empty()) return;  // they come to it
  for (const Job& job : queues_.takeAll()) settle(job.request, noThread(error));
}

// They have nothing left to do but to end.
void ImpersonationThreads::Shared::joinEnded() {
  for (Worker& worker : ended_) worker.thread.join();
  ended_.clear();
}

// A worker.
void ImpersonationThreads::Shared::serve(Lock& lock, Worker& worker) {
  do {
    --coming_;
    while (!stopping_ && queues_.ready() > 0) {
      UserQueues::Turn turn = queues_.take();
      worker.request = turn.job.request;
      worker.queue = turn.queue;
      worker.cancelled = false;
      lock.unlock();
      Outcome<Result> outcome = turn.job.work(worker.cancelled);
      turn.job.work = nullptr;
      lock.lock();
      worker.request = 0;
      const bool dropped = worker.cancelled;
      queues_.done(turn.queue, dropped);
      if (!dropped) {
        settle(turn.job.request, std::move(outcome));
        continue;
      }
      lock.unlock();  // to close a file may take long, too
      outcome = Result();
      lock.lock();
    }
  } while (waitForWork(lock, worker));
  for (auto at = workers_.begin(); at != workers_.end(); ++at) {
    if (&*at != &worker) continue;
    ended_.splice(ended_.end(), workers_, at);
    break;
  }
  changed_.notify_all();
}

// False: there was none for so long that the worker is to end.
bool ImpersonationThreads::Shared::waitForWork(Lock& lock, Worker& worker) {
  if (stopping_) return false;
  worker.free = true;
  free_.push_back(&worker);
  worker.called.wait_for(lock, kIdle, [&] { return stopping_ || !worker.free; });
  if (!worker.free) return true;
  std::erase(free_, &worker);
  return false;
}

// Under the lock, so that nobody who is woken by it finds the thread busy that settles it.
void ImpersonationThreads::Shared::settle(Id request, Outcome<Result>&& outcome) {
  Event event{Event::Kind::Settled, request};
  event.failure = outcome.failure;
  event.result = std::move(outcome.value);
  if (events_.push(std::move(event))) host_.ring();
}

ImpersonationThreads::ImpersonationThreads(EventQueue& events, Host& host)
    : shared_(std::make_unique<Shared>(events, host)) {}

ImpersonationThreads::~ImpersonationThreads() {
  stop();
}

Failure ImpersonationThreads::post(Job&& job) {
  return shared_->post(std::move(job));
}

Failure ImpersonationThreads::post(const std::string& user, Job&& job) {
  return shared_->post(user, std::move(job));
}

void ImpersonationThreads::cancel(const std::string& user, Id request) {
  shared_->cancel(user, request);
}

void ImpersonationThreads::stop() {
  shared_->stop();
}

}  // namespace framepipe
