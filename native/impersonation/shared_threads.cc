#include "impersonation/shared_threads.h"

#include <algorithm>
#include <utility>

namespace framepipe {

namespace {

// So long a thread waits for work before it ends: a client's next operation should find one.
constexpr std::chrono::seconds kIdle{5};

// Between two attempts to make a thread for who waits.
constexpr std::chrono::milliseconds kRefused{100};

// Between two attempts to interrupt a thread.
constexpr std::chrono::milliseconds kLongestPause{1000};

}  // namespace

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
    if (!settle(job.request, std::move(outcome))) continue;
    lock.unlock();
    host_.ring();  // it is there until this thread is joined
    lock.lock();
  }
}

void ImpersonationThreads::Shared::waitForJobs(Lock& lock) {
  const auto something = [this] { return stopping_ || !jobs_.empty() || wantsWorker(); };
  while (!something()) {
    if (interrupting_) {
      if (changed_.wait_for(lock, pause_, something)) return;
      pause_ = std::min(2 * pause_, kLongestPause);
      interrupting_ = interruptCancelled();
    } else if (refused_ && queues_.ready() > 0) {
      // The other workers may never come to it.
      if (!changed_.wait_for(lock, kRefused, something)) refused_ = false;
    } else {
      changed_.wait(lock);
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

void ImpersonationThreads::Shared::makeWorker() {
  joinEnded();
  Worker& worker = workers_.emplace_back();
  struct Start {
    std::shared_ptr<Shared> shared;
    Worker& worker;
  };
  auto start = std::make_unique<Start>(Start{shared_from_this(), worker});
  const auto run = [](void* own) {
    const std::unique_ptr<Start> start(static_cast<Start*>(own));
    Lock lock(start->shared->mutex_);
    start->shared->serve(lock, start->worker);
  };
  const int error = worker.thread.start(run, start.get());
  if (!error) {
    start.release();
    ++coming_;
    return;
  }
  refused_ = true;
  workers_.pop_back();
  if (!workers_.empty()) return;  // they come to it
  bool rings = false;
  for (const Job& job : queues_.takeAll()) rings |= settle(job.request, noThread(error));
  if (rings) host_.ring();
}

// They have nothing left to do but to end.
void ImpersonationThreads::Shared::joinEnded() {
  for (Worker& worker : ended_) worker.thread.join();
  ended_.clear();
}

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
      if (dropped) {
        lock.unlock();  // to close a file may take long, too
        outcome = Result();
        lock.lock();
      } else if (settle(turn.job.request, std::move(outcome))) {
        ++coming_;  // what JavaScript asks for next needs nobody else
        ++ringing_;
        lock.unlock();
        host_.ring();
        lock.lock();
        --coming_;
        if (--ringing_ == 0 && stopping_) changed_.notify_all();
      }
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

// True: somebody has to ring. Not under the lock, for who is woken may want it.
bool ImpersonationThreads::Shared::settle(Id request, Outcome<Result>&& outcome) {
  if (stopping_) return false;
  Event event{Event::Kind::Settled, request};
  event.failure = outcome.failure;
  event.result = std::move(outcome.value);
  return events_.push(std::move(event));
}

}  // namespace framepipe
