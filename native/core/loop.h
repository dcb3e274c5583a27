// What a platform provides: listening, connecting, and the event queue that all of it ends in.
// One for each JavaScript environment. JS thread only, except for events().
#pragma once
#include <memory>
#include <string>

#include "core/connection.h"
#include "core/event_queue.h"
#include "core/host.h"

namespace framepipe {

enum class Direction : uint8_t { Duplex = 3, In = 1, Out = 2 };  // as this end sees it
enum class ImpersonationLevel : uint8_t { Anonymous, Identification, Impersonation, Delegation };
enum class Access : uint8_t { Owner, Authenticated, Everyone, Sddl };

struct ChannelOptions {
  std::string path;  // UTF-8: \\.\pipe\name, or the socket's path
  Framing framing;
  Direction direction = Direction::Duplex;
  size_t high_water_mark = 1u << 20;
};

struct ListenOptions : ChannelOptions {
  Access access = Access::Owner;
  std::string sddl;
  bool allow_remote = false;
  bool exclusive = true;
  uint32_t max_instances = 0;  // 0: unlimited
  uint32_t pending_instances = 4;
  uint32_t in_buffer = 64u << 10, out_buffer = 64u << 10;
};

struct ConnectOptions : ChannelOptions {
  ImpersonationLevel impersonation = ImpersonationLevel::Identification;
  bool own_server_only = false;  // refuse a pipe that another user created
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Failure setAccess(Access access, const std::string& sddl) = 0;
  virtual void close() = 0;  // Unlistened follows; open connections live on
  virtual void keepAlive(bool on) = 0;
};

class Loop {
 public:
  virtual ~Loop() = default;

  virtual Outcome<Id> listen(const ListenOptions& options) = 0;

  // One attempt, without waiting: EAGAIN when the pipe is busy, ENOENT when nobody serves it.
  // Returns the connection's id; or 0, and then `request` is settled with it (Settled, int64_t) later.
  virtual Outcome<Id> connect(const ConnectOptions& options, Id request) = 0;

  std::shared_ptr<Listener> listener(Id id) const { return listeners_.find(id); }
  std::shared_ptr<Connection> connection(Id id) const { return connections_.find(id); }
  EventQueue& events() { return events_; }

  // JS thread, before an event is given to JavaScript: a number that was reserved becomes valid.
  virtual void admit(const Event& event) {
    if (event.opened) connections_.put(event.other, event.opened);
  }
  // JS thread, after it was given: the number of what is released becomes void.
  virtual void forget(const Event& event) {
    if (event.kind == Event::Kind::Closed) connections_.remove(event.id);
    if (event.kind == Event::Kind::Unlistened) listeners_.remove(event.id);
  }

  // Whether frames come from a thread of its own, by Host::ring(), and not from Node's loop.
  virtual bool hasThread() const { return false; }

  // Tears everything down, in order; nothing is delivered any more. `done` is called, on the JS thread,
  // when the operating system has given back all that it was lent. Idempotent.
  virtual void stop(void (*done)(void*), void* argument) = 0;

 protected:
  HandleTable<Listener> listeners_;
  HandleTable<Connection> connections_;
  EventQueue events_;
};

// The platform's own.
std::unique_ptr<Loop> makeLoop(Host& host);

}  // namespace framepipe
