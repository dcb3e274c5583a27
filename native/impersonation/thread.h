// The thread that acts as clients, one for each JavaScript environment, so that neither the JS thread nor libuv's pool
// ever waits for a client's files. JS thread, except where said.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "core/event_queue.h"
#include "core/host.h"
#include "core/outcome.h"

namespace framepipe {

class ImpersonationThread {
 public:
  using Work = std::function<Outcome<Result>()>;

  ImpersonationThread(EventQueue& events, Host& host) : events_(events), host_(host) {}
  ~ImpersonationThread() { stop(); }
  ImpersonationThread(const ImpersonationThread&) = delete;
  ImpersonationThread& operator=(const ImpersonationThread&) = delete;

  // Does the work after all that was posted before; what it comes to settles `request`.
  // The first one starts the thread: not while the JS thread acts as somebody else.
  void post(Id request, Work work);

  // Waits for the work in progress, drops the rest. Idempotent.
  void stop();

 private:
  struct Job {
    Id request;
    Work work;
  };

  void run();  // impersonation thread
  void settle(Id request, Outcome<Result>&& outcome);

  EventQueue& events_;
  Host& host_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;   // guarded by mutex_, like the flag
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace framepipe
