// What a platform provides: listening, connecting, and the event queue that all of it ends in.
// One for each JavaScript environment. JS thread only, except for events().
#pragma once
#include <memory>
#include <string>

#include "core/connection.h"
#include "core/event_queue.h"
#include "core/host.h"
#include "core/loop_options.h"

namespace framepipe {

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Failure setAccess(const Access& access) = 0;
  // What the system has for the pipe, in its own words; none where it has no words for it.
  virtual Outcome<std::string> descriptor() { return std::string(); }
  // Clients who have connected are Accepted, and Unlistened follows; open connections live on.
  virtual void close() = 0;
  virtual void keepAlive(bool on) = 0;
  // One of its connections was taken, or is not to be taken any more: another client may be let in.
  virtual void taken() = 0;
  // Connections that were closed at once because of ListenOptions::max_per_user.
  virtual uint64_t refused() = 0;
  // Why clients could not be let in, the last time that happened.
  virtual Failure lastFailure() = 0;
};

class Loop {
 public:
  virtual ~Loop() = default;

  virtual Outcome<Id> listen(const ListenOptions& options) = 0;

  // One attempt, without waiting: EAGAIN when the pipe is busy, ENOENT when nobody serves it.
  // Returns the connection's id; or 0, and then `request` is settled with it (Settled, int64_t) later.
  virtual Outcome<Id> connect(const ConnectOptions& options, Id request) = 0;

  // Settles `request` when the pipe, which was busy, has room for another client, or fails when that took too long (on
  // Windows; elsewhere nobody can be asked). False: it will never be settled.
  virtual bool waitForInstance(const std::string& path, double milliseconds, Id request) {
    static_cast<void>(path), static_cast<void>(milliseconds), static_cast<void>(request);
    return false;
  }
  virtual void cancelWait(Id request) { static_cast<void>(request); }  // it is settled at once, one way or the other

  std::shared_ptr<Listener> listener(Id id) const { return listeners_.find(id); }
  std::shared_ptr<Connection> connection(Id id) const { return connections_.find(id); }
  EventQueue& events() { return events_; }

  static constexpr Failure noNumberLeft(const char* syscall) {
    return {"EMFILE", syscall, 0,
            "all numbers for connections, servers and identities are used up: restart the process"};
  }
  // For tests: numbers from now on are of this generation or a later one (HandleTable).
  void countFrom(uint64_t generation) {
    connections_.countFrom(generation);
    listeners_.countFrom(generation);
  }

  // JS thread, before an event is given to JavaScript: a number that was reserved becomes valid.
  virtual void admit(const Event& event) {
    if (!event.opened) return;
    connections_.put(event.other, event.opened);
    event.opened->keepAlive(true);
  }
  // JS thread, after it was given: the number of what is released becomes void.
  virtual void forget(const Event& event) {
    // What one thread reads and delivers, a turn limits.
    if (event.kind == Event::Kind::Frames && !hasThread()) return;
    if (const Id id = connectionOf(event)) {
      if (const auto connection = connections_.find(id)) connection->delivered(event);
    }
    if (event.kind == Event::Kind::Closed) connections_.remove(event.id);
    if (event.kind == Event::Kind::Unlistened) listeners_.remove(event.id);
  }

  // Whether frames come from a thread of its own, by Host::ring(), and not from Node's loop.
  virtual bool hasThread() const { return false; }

  // Tears everything down, in order; nothing is delivered any more. `done` is called, on the JS thread,
  // when the operating system has given back all that it was lent. Idempotent.
  virtual void stop(void (*done)(void*), void* argument) = 0;

 protected:
  // Who has to know that it was delivered; 0: nobody.
  static Id connectionOf(const Event& event) {
    switch (event.kind) {
      case Event::Kind::Frames:
      case Event::Kind::Closed:
        return event.id;
      case Event::Kind::Settled:
        return event.other;
      default:
        return 0;
    }
  }

  HandleTable<Listener> listeners_;
  HandleTable<Connection> connections_;
  EventQueue events_;
};

// The platform's own.
std::unique_ptr<Loop> makeLoop(Host& host);

}  // namespace framepipe
