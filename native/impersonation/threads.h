// The threads that act as clients, of one JavaScript environment, so that neither the JS thread nor libuv's pool ever
// waits for a client's files, and no user for another's: one user's operation that never ends (a file system that hangs, a
// pipe that says nothing) delays that user's own.
//
// One thread takes identities and makes the other ones, which do the operations, each user's one after the other. It never
// touches a client's files, so that it always comes back, and it acts as nobody when it makes a thread, as the JS thread
// may.
//
// A thread serves any user, one operation at a time: it becomes that connection's client for it and is itself again
// before it goes on, or the process ends (Identity). Nothing is ever done under an identity that an earlier operation has
// left behind. Whose turn it is, is a matter of the user alone (Identity::account): who comes with other groups or
// from another logon gets no thread more.
//
// JS thread, except where said.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "core/event_queue.h"
#include "core/host.h"
#include "impersonation/job.h"

namespace framepipe {

class ImpersonationThreads {
 public:
  // Beside the one that takes identities. As many users' operations may hang before others wait.
  static constexpr size_t kMost = 64;

  ImpersonationThreads(EventQueue& events, Host& host);
  ~ImpersonationThreads();
  ImpersonationThreads(const ImpersonationThreads&) = delete;
  ImpersonationThreads& operator=(const ImpersonationThreads&) = delete;

  // Does what does not depend on a client's files after all such that was posted before; what it comes to settles its
  // request. The first one makes the thread for it: not while the JS thread acts as somebody else.
  Failure post(Job&& job);

  // Does an operation of this user's (or of what else is not to wait for others) after all of this user's that were posted before, as above.
  Failure post(const std::string& user, Job&& job);

  // Nobody waits for that operation of the user's any more, and nothing is settled for it. If it has not begun, it is not
  // done; if it has, the user's next one may have its turn beside it, unless too many of the user's have not come back.
  void cancel(const std::string& user, Id request);

  // Drops what waits, and cancels the work in progress. Waits for that for no longer than `patience`: a thread that is not
  // back by then, from a file system that hangs, is left to itself. It stays the client until its system call returns,
  // is itself again then, and ends; what it came to goes nowhere. All that it touches is its own, or shared with this.
  // Nothing is settled any more, and nobody rings. Idempotent.
  void stop(std::chrono::milliseconds patience = kPatience);

 private:
  static constexpr std::chrono::milliseconds kPatience{1000};

  class Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace framepipe
