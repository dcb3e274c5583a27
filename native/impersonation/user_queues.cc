#include "impersonation/user_queues.h"

#include <iterator>
#include <utility>

namespace framepipe {

bool UserQueues::add(const std::string& user, Job&& job) {
  Queue& queue = queues_.try_emplace(user, Queue{user}).first->second;
  if (queue.waiting.size() >= kMostWaiting) return false;
  queue.waiting.push_back(std::move(job));
  if (queue.waiting.size() == 1) listIfReady(queue);
  return true;
}

UserQueues::Turn UserQueues::take() {
  Queue* const queue = ready_.front();
  ready_.pop_front();
  queue->busy = true;
  Turn turn{queue, std::move(queue->waiting.front())};
  queue->waiting.pop_front();
  return turn;
}

void UserQueues::done(Queue* queue) {
  queue->busy = false;
  if (queue->waiting.empty())
    queues_.erase(queues_.find(queue->user));
  else
    listIfReady(*queue);
}

std::deque<Job> UserQueues::takeAll() {
  std::deque<Job> all;
  for (auto& [user, queue] : queues_)
    std::move(queue.waiting.begin(), queue.waiting.end(), std::back_inserter(all)), queue.waiting.clear();
  ready_.clear();
  return all;
}

void UserQueues::listIfReady(Queue& queue) {
  if (!queue.busy) ready_.push_back(&queue);
}

}  // namespace framepipe
