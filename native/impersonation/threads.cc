#include "impersonation/threads.h"

#include <optional>
#include <utility>

#include "impersonation/shared_threads.h"

namespace framepipe {

namespace {

// Between two attempts to interrupt a thread.
constexpr std::chrono::milliseconds kFirstPause{1}, kStopPause{10};

constexpr Failure kTooMany{
    "EAGAIN",
    "runAsClient",
    0,
    "too many operations of this client's user wait already (4,096): await some of them before you begin another",
    {}};

}  // namespace

Failure ImpersonationThreads::Shared::post(Job&& job) {
  const Lock lock(mutex_);
  if (stopping_) return environmentEnding("runAsClient");
  if (const int error = startFirst()) return noThread(error);
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  return {};
}

Failure ImpersonationThreads::Shared::post(const std::string& user, Job&& job) {
  const Lock lock(mutex_);
  if (stopping_) return environmentEnding("runAsClient");
  if (const int error = startFirst()) return noThread(error);
  if (!queues_.add(user, std::move(job))) return kTooMany;
  refused_ = false;
  callWorker();
  return {};
}

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

void ImpersonationThreads::Shared::stop(std::chrono::milliseconds patience) {
  std::deque<Job> dropped, dropped_of_users;
  Lock lock(mutex_);
  if (stopping_) return;
  stopping_ = true;
  dropped.swap(jobs_);
  dropped_of_users = queues_.takeAll();
  changed_.notify_all();
  for (Worker& worker : workers_) {
    worker.cancelled = true;
    worker.called.notify_one();
  }
  SystemThread first = std::move(first_);
  lock.unlock();
  if (first) first.join();  // it touches no client's file
  lock.lock();
  changed_.wait(lock, [this] { return ringing_ == 0; });
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!workers_.empty() && std::chrono::steady_clock::now() < end) {
    interruptCancelled();
    changed_.wait_for(lock, kStopPause);
  }
  joinEnded();
  for (Worker& worker : workers_)
    if (worker.thread) worker.thread.abandon();
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

Failure ImpersonationThreads::Shared::noThread(int error) {
  return {"EAGAIN", "runAsClient", error, "the system lets this process make no further thread", {}};
}

ImpersonationThreads::ImpersonationThreads(EventQueue& events, Host& host)
    : shared_(std::make_shared<Shared>(events, host)) {}

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

void ImpersonationThreads::stop(std::chrono::milliseconds patience) {
  shared_->stop(patience);
}

}  // namespace framepipe
