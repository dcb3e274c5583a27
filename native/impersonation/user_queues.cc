#include "impersonation/user_queues.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace framepipe {

bool UserQueues::add(const std::string& user, Job&& job) {
  Queue& queue = queues_.try_emplace(user, Queue{user}).first->second;
  if (queue.waiting.size() >= kMostWaiting) return false;
  queue.waiting.push_back(std::move(job));
  update(queue);
  return true;
}

UserQueues::Turn UserQueues::take() {
  Queue* const queue = ready_.front();
  ready_.pop_front();
  queue->listed = false;
  queue->busy = true;
  ++queue->threads;
  Turn turn{queue, std::move(queue->waiting.front())};
  queue->waiting.pop_front();
  return turn;
}

void UserQueues::leave(Queue* queue) {
  queue->busy = false;
  update(*queue);
}

void UserQueues::done(Queue* queue, bool left) {
  --queue->threads;
  if (!left) queue->busy = false;
  update(*queue);
}

std::optional<Job> UserQueues::remove(const std::string& user, Id request) {
  const auto found = queues_.find(user);
  if (found == queues_.end()) return {};
  Queue& queue = found->second;
  const auto waits = [request](const Job& job) { return job.request == request; };
  const auto at = std::find_if(queue.waiting.begin(), queue.waiting.end(), waits);
  if (at == queue.waiting.end()) return {};
  Job job = std::move(*at);
  queue.waiting.erase(at);
  update(queue);
  return job;
}

std::deque<Job> UserQueues::takeAll() {
  std::deque<Job> all;
  for (auto& [user, queue] : queues_) {
    std::move(queue.waiting.begin(), queue.waiting.end(), std::back_inserter(all));
    queue.waiting.clear();
    queue.listed = false;
  }
  ready_.clear();
  std::erase_if(queues_, [](const auto& each) { return each.second.threads == 0; });
  return all;
}

// In ready_ if it could go on, and nowhere if nothing is left of it.
void UserQueues::update(Queue& queue) {
  const bool ready = !queue.waiting.empty() && !queue.busy && queue.threads < kMostThreads;
  if (ready && !queue.listed) ready_.push_back(&queue);
  if (!ready && queue.listed) std::erase(ready_, &queue);
  queue.listed = ready;
  if (queue.waiting.empty() && queue.threads == 0) queues_.erase(queues_.find(queue.user));
}

}  // namespace framepipe
