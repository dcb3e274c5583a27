// Which user's operation an impersonation thread does next, and who waits for whom.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/event_queue.h"
#include "core/host.h"
#include "impersonation/threads.h"
#include "impersonation/user_queues.h"
#include "loops/check.h"

namespace framepipe::test {

namespace {

// A JavaScript thread that waits until what it has asked for is settled.
class Script final : public Host {
 public:
  void ring() noexcept override {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  void deliver() noexcept override {}
  void retain() noexcept override {}
  void release() noexcept override {}
  uv_loop_s* uvLoop() noexcept override { return nullptr; }

  // Until so many requests in all are settled.
  void awaitSettled(size_t count) {
    while (settled.size() < count) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return rung_; });
        rung_ = false;
      }
      std::vector<Event> taken;
      events.take(taken);
      for (const Event& event : taken) {
        CHECK(event.kind == Event::Kind::Settled);
        CHECK(settled.emplace(event.id, event.failure).second);
      }
    }
  }

  EventQueue events;
  std::map<Id, Failure> settled;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

// Operations that do not come back before it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // Threads.
  Outcome<Result> wait() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return Result();
  }
  void awaitInside(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  size_t inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  size_t inside_ = 0;
};

Outcome<Result> nothing(const Cancelled& = Cancelled(false)) {
  return Result();
}

std::string user(size_t number) {
  return "user " + std::to_string(number);
}

}  // namespace

TEST(usersComeInTurn) {
  UserQueues queues;
  for (const Id id : {1, 2, 3}) CHECK(queues.add("a", {id, nothing}));
  CHECK(queues.add("b", {4, nothing}));
  CHECK(queues.add("c", {5, nothing}));
  CHECK(queues.ready() == 3);
  std::vector<Id> order;
  while (queues.ready() > 0) {
    const UserQueues::Turn turn = queues.take();
    order.push_back(turn.job.request);
    queues.done(turn.queue);
  }
  CHECK((order == std::vector<Id>{1, 4, 5, 2, 3}));
}

TEST(aUserHasOneTurnAtATime) {
  UserQueues queues;
  for (const Id id : {1, 2}) CHECK(queues.add("a", {id, nothing}));
  const UserQueues::Turn turn = queues.take();
  CHECK(turn.job.request == 1 && queues.ready() == 0);
  CHECK(queues.add("a", {3, nothing}));
  CHECK(queues.ready() == 0);
  queues.done(turn.queue);
  CHECK(queues.ready() == 1);
  CHECK(queues.take().job.request == 2);
}

TEST(aTurnThatNobodyWaitsForLetsItsUserGoOn) {
  UserQueues queues;
  for (Id id = 1; id <= 9; ++id) CHECK(queues.add("a", {id, nothing}));
  std::vector<UserQueues::Queue*> left;
  for (Id id = 1; queues.ready() > 0; ++id) {
    const UserQueues::Turn turn = queues.take();
    CHECK(turn.job.request == id && queues.ready() == 0);
    left.push_back(turn.queue);
    queues.leave(turn.queue);
  }
  CHECK(left.size() == UserQueues::kMostThreads);
  queues.done(left[0], /*left=*/true);
  CHECK(queues.ready() == 1);
  UserQueues::Turn turn = queues.take();
  queues.done(left[1], /*left=*/true);  // while another one has its turn
  CHECK(queues.ready() == 0);
  queues.done(turn.queue);
  CHECK(queues.ready() == 1);
}

TEST(whatWaitsMayBeTakenOut) {
  UserQueues queues;
  for (const Id id : {1, 2, 3}) CHECK(queues.add("a", {id, nothing}));
  CHECK(!queues.remove("b", 1) && !queues.remove("a", 4));
  CHECK(queues.remove("a", 2)->request == 2);
  CHECK(!queues.remove("a", 2));
  CHECK(queues.remove("a", 1) && queues.remove("a", 3));
  CHECK(queues.ready() == 0);
  CHECK(queues.add("a", {5, nothing}));
  CHECK(queues.ready() == 1 && queues.take().job.request == 5);
}

TEST(oneUsersOperationsAreDoneInOrder) {
  Script script;
  ImpersonationThreads threads(script.events, script);
  std::vector<Id> order;  // of one thread at a time
  for (Id id = 1; id <= 200; ++id) {
    const auto work = [&order, id](const Cancelled&) {
      order.push_back(id);
      return nothing();
    };
    CHECK(!threads.post("a", {id, work}));
  }
  script.awaitSettled(200);
  CHECK(order.size() == 200 && std::is_sorted(order.begin(), order.end()));
}

TEST(anOperationThatDoesNotEndDelaysItsOwnUserAlone) {
  Script script;
  Gate gate;
  ImpersonationThreads threads(script.events, script);
  CHECK(!threads.post("a", {1, [&](const Cancelled&) { return gate.wait(); }}));
  gate.awaitInside(1);
  CHECK(!threads.post("a", {2, nothing}));
  for (Id id = 3; id < 100; ++id) CHECK(!threads.post(user(id % 7), {id, nothing}));
  CHECK(!threads.post({100, nothing}));
  script.awaitSettled(98);
  CHECK(!script.settled.contains(1) && !script.settled.contains(2));
  gate.open();
  script.awaitSettled(100);
}

TEST(soManyUsersHaveNoMoreThreadsThanThereMayBe) {
  constexpr size_t kUsers = 2 * ImpersonationThreads::kMost;
  Script script;
  Gate gate;
  ImpersonationThreads threads(script.events, script);
  for (Id id = 1; id <= kUsers; ++id)
    CHECK(!threads.post(user(id), {id, [&](const Cancelled&) { return gate.wait(); }}));
  gate.awaitInside(ImpersonationThreads::kMost);
  CHECK(!threads.post({kUsers + 1, nothing}));  // identities are taken meanwhile
  script.awaitSettled(1);
  CHECK(gate.inside() == ImpersonationThreads::kMost);
  gate.open();
  script.awaitSettled(kUsers + 1);
}

TEST(oneUsersQueueHasAnEnd) {
  Script script;
  Gate gate;
  ImpersonationThreads threads(script.events, script);
  CHECK(!threads.post("a", {1, [&](const Cancelled&) { return gate.wait(); }}));
  gate.awaitInside(1);
  Id id = 1;
  while (id <= UserQueues::kMostWaiting) CHECK(!threads.post("a", {++id, nothing}));
  CHECK(same(threads.post("a", {id + 1, nothing}), "EAGAIN"));
  CHECK(!threads.post("b", {id + 2, nothing}));
  script.awaitSettled(1);
  gate.open();
  script.awaitSettled(id + 1);
  CHECK(!threads.post("a", {id + 3, nothing}));
  script.awaitSettled(id + 2);
}

TEST(whatIsCancelledIsNotSettledAndNobodyWaitsForIt) {
  Script script;
  Gate gate;
  std::atomic<int> done{0};
  const auto held = std::make_shared<int>(0);
  ImpersonationThreads threads(script.events, script);
  const auto hang = [&gate, held](const Cancelled& cancelled) {
    auto outcome = gate.wait();
    CHECK(cancelled);
    return outcome;
  };
  const auto count = [&done, held](const Cancelled& cancelled) {
    ++done;
    CHECK(!cancelled);
    return nothing();
  };
  CHECK(!threads.post("a", {1, hang}));
  gate.awaitInside(1);
  CHECK(!threads.post("a", {2, count}));
  CHECK(!threads.post("a", {3, count}));
  threads.cancel("a", 2);  // waits
  threads.cancel("a", 1);  // has begun
  threads.cancel("a", 1);
  threads.cancel("b", 3);  // is not that user's
  script.awaitSettled(1);
  CHECK(script.settled.contains(3) && done == 1);
  threads.cancel("a", 3);  // is done
  gate.open();
  CHECK(!threads.post("a", {4, count}));
  script.awaitSettled(2);
  threads.stop();
  CHECK(script.events.empty() && script.settled.size() == 2 && held.use_count() == 3);
}

TEST(aThreadThatDoesNotComeBackIsLeftToItself) {
  Gate gate;
  const auto held = std::make_shared<int>(0);
  {
    Script script;
    ImpersonationThreads threads(script.events, script);
    const auto hang = [&gate, held](const Cancelled& cancelled) {
      auto outcome = gate.wait();
      CHECK(cancelled);
      return outcome;
    };
    for (Id id = 1; id <= 3; ++id) CHECK(!threads.post(user(id), {id, hang}));
    gate.awaitInside(3);
    threads.stop(std::chrono::milliseconds(1));
    threads.stop();
    CHECK(held.use_count() > 1 && script.events.empty());
  }
  // Neither the events nor the host are there any more.
  gate.open();
  while (held.use_count() > 1) std::this_thread::yield();
}

TEST(whatWaitsWhenTheEnvironmentEndsIsDropped) {
  Script script;
  Gate gate;
  std::atomic<int> done{0};
  const auto held = std::make_shared<int>(0);
  {
    ImpersonationThreads threads(script.events, script);
    CHECK(!threads.post("a", {1, [&](const Cancelled&) { return gate.wait(); }}));
    gate.awaitInside(1);
    const auto work = [&done, held](const Cancelled&) {
      ++done;
      return nothing();
    };
    CHECK(!threads.post("a", {2, work}));
    gate.open();
    threads.stop();
    CHECK(same(threads.post("a", {3, work}), "ECANCELED"));
    CHECK(same(threads.post({4, work}), "ECANCELED"));
  }
  CHECK(done <= 1 && held.use_count() == 1);
}

}  // namespace framepipe::test
