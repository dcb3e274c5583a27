#include "impersonation/thread.h"

#include <utility>

namespace framepipe {

void ImpersonationThread::post(Id request, Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    jobs_.push_back({request, std::move(work)});
  }
  changed_.notify_one();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void ImpersonationThread::stop() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ImpersonationThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Outcome<Result> outcome = job.work();
    job.work = nullptr;  // before JavaScript hears of it: what the work held must not be released last from here
    settle(job.request, std::move(outcome));
    lock.lock();
  }
}

void ImpersonationThread::settle(Id request, Outcome<Result>&& outcome) {
  Event event{Event::Kind::Settled, request};
  event.failure = outcome.failure;
  event.result = std::move(outcome.value);
  if (events_.push(std::move(event))) host_.ring();
}

}  // namespace framepipe
