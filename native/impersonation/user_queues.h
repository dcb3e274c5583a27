// The operations that clients wait for, a queue for each user, and whose turn is next: users come in turn, however many
// operations, connections or groups each of them has. Under the lock of whoever owns it.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/handle_table.h"
#include "impersonation/job.h"

namespace framepipe {

class UserQueues {
 public:
  // Of one user's, so many wait at most: what that user has this process do next is its own to choose.
  static constexpr size_t kMostWaiting = 4096;
  // So many of one user's hang at most: one whose turn it is, and those that nobody waits for any more.
  static constexpr size_t kMostThreads = 4;

  // False: too many of that user's wait.
  bool add(const std::string& user, Job&& job);

  // How many users could go on, if there were a thread for each.
  size_t ready() const { return ready_.size(); }

  struct Queue;
  struct Turn {
    Queue* queue;
    Job job;
  };
  // Of the user that has waited for longest: the first job. That user has no other turn until leave() or done(). Only if
  // ready().
  Turn take();
  // Nobody waits for that job any more, though it is not done: the user's next one may have its turn.
  void leave(Queue* queue);
  // `left`: after leave().
  void done(Queue* queue, bool left = false);

  // Takes a job out that waits; none if it does not.
  std::optional<Job> remove(const std::string& user, Id request);

  // All that wait, in no order.
  std::deque<Job> takeAll();

  struct Queue {
    std::string user;
    std::deque<Job> waiting = {};
    bool busy = false;  // it is this user's turn
    bool listed = false;  // in ready_
    size_t threads = 0;  // that have not come back
  };

 private:
  void update(Queue& queue);

  std::unordered_map<std::string, Queue> queues_;
  std::deque<Queue*> ready_;
};

}  // namespace framepipe
