// One end of a pipe: how it lives and how it ends, on every system.
//
//            close()                    all is written
//   Open ─────────────▶ Closing ─────────────────────────▶ Aborting ──────────────────▶ Released
//    │                     │   destroy(), write failed        ▲     nothing is in flight
//    └─────────────────────┴──────────────────────────────────┘     any more
//      destroy(), the peer has left and all is read, read failed
//
// Ended is told at most once, while Open; Closed is told once, and last; every request is settled once.
// The inbound half belongs to the reading thread (Windows: the port's; Linux: JavaScript's) while `reading_` is set;
// everything else is under the lock.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "core/event_queue.h"
#include "core/host.h"
#include "core/inbound.h"
#include "core/loop_options.h"
#include "core/mutex.h"
#include "core/outbound.h"
#include "core/time_limits.h"
#include "core/transport.h"

namespace framepipe {

struct Peer {
  int64_t pid = -1;
  int64_t session = -1;  // Windows
  int64_t uid = -1;      // elsewhere
  int64_t gid = -1;
};

struct Traffic {
  uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0;
  uint64_t queued = 0;      // bytes that the system has not taken
  uint64_t incomplete = 0;  // bytes of a frame that has not arrived as a whole
  bool paused = false;      // reading waits for JavaScript
  uint64_t idle = 0;        // ms since a byte last came or went
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  enum class Side : bool { Server, Client };

  struct Context {  // the loop's
    Host& host;
    EventSink& events;
    std::shared_ptr<BlockPool> pool;
  };

  Connection(const Context& context, Id id, std::unique_ptr<Transport> transport, const ChannelOptions& options,
             const Peer& peer, Side side);

  // Once, when events may be told: reads what is there.
  void start();

  // Any thread.
  Id id() const { return id_; }
  Transport& transport() { return *transport_; }
  bool busyPolls() const { return busy_polls_; }

  // --- From JavaScript, on its thread ---

  const Peer& peer() const { return peer_; }
  Traffic traffic();

  // Somebody has taken it from its server: until then it is read no further than ChannelOptions::untaken.
  void taken();

  // Queues all of the frames or, when one is refused or the pipe is closed, none.
  // Returns what is now queued, as it counts. Once that exceeds the high-water mark, a Drained event follows.
  // Nothing need be written before flush().
  Outcome<size_t> send(std::span<const std::span<const uint8_t>> frames);

  // The same, of frames that go to many connections: admit() of all of them first, which fails when the system takes one of
  // these messages never, then offer(). That fails when the connection has ended. Nothing: it is behind, with more queued
  // than its mark although the system was given what it takes; then nothing is queued.
  Failure admit(const EncodedFrames& frames);
  Outcome<std::optional<size_t>> offer(const EncodedFrames& frames);

  // Writes what is queued, as far as the operating system takes it; the rest follows by itself.
  void flush();
  // Somebody will call flush(). True: nobody has said so since the last one.
  bool awaitFlush() { return !std::exchange(flush_due_, true); }

  // Where to put what is encoded for many.
  const std::shared_ptr<BlockPool>& pool() const { return context_.pool; }

  // JavaScript is done with what counts for so much (Chunk::cost()): reading goes on when
  // what is not consumed falls below the high-water mark.
  void consumed(size_t cost);

  // JavaScript cuts into frames what it is given: so many more are complete, and so many bytes are not.
  void framed(uint64_t frames, uint64_t incomplete);

  // JavaScript takes nothing more: what has come breaks its framing. Told by nobody.
  void stopReading();

  // Sends nothing more after what is queued, but goes on receiving. Settles `request` when all is written: with 1 if
  // the peer sees the end (a Unix socket's half-close), with 0 where nothing but close() can show it (Windows).
  void endSending(Id request);

  // Sends nothing more after what is queued, which still goes out and stays readable for the peer;
  // receives nothing more. Then Closed. close(), destroy(): the first one counts, except that
  // destroy() ends a close() at once.
  void close();

  // At once: what is queued is dropped. Closed follows, with `failure` if given.
  void destroy(const Failure& failure);

  // The environment ends.
  void abandon();

  // Settles `request` when the peer has read all that was sent before; fails when it cannot any more.
  void waitForDrain(Id request);
  void cancelDrain(Id request);

  // Whether this connection keeps the process alive. On when started.
  void keepAlive(bool on);
  // Of what was delivered, this one's: reading may go on, and the process may end.
  void delivered(const Event& event);

  // The client's identity (server side). Impersonation thread: it may block shortly.
  // Fails with ERR_PIPE_CANNOT_IMPERSONATE when the client did not offer enough to act as it.
  Outcome<std::shared_ptr<Identity>> identity(bool to_act);

  // This side closed or destroyed it, or gave the peer up: nobody asks for its client then. For the transport, at the release.
  bool endedHere() const { return ended_here_; }

  // The client, now that the connection has ended (server side); null where it is not known any more.
  std::shared_ptr<Client> formerClient() { return transport_->formerClient(); }

  // --- From the transport ---

  // Reading thread.
  void work();  // reads and writes on: there may be something to read, or room to write
  void readCompleted(const ReadAnswer& answer);
  // It reads no more, either.
  void peerLeft();
  // Others need memory more: holds none any more but an incomplete frame's.
  void rest();
  // If it has time limits: `now` and `usual` as TimeLimits::look() has them. False: it need not be looked at any more.
  bool look(uint64_t now, uint64_t usual);

  // Any thread.
  void writeCompleted(const WriteAnswer& answer);
  void peerHasRead(uint64_t upto);
  void drainFailed(const Failure& failure, bool peer_left = false);

  // While one is held, the transport is not released. False: it is too late.
  class Lease {
   public:
    Lease() = default;
    explicit Lease(Connection& connection);
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) noexcept = default;
    ~Lease() { giveBack(); }
    void giveBack();
    explicit operator bool() const { return connection_ != nullptr; }
    Connection& operator*() const { return *connection_; }

   private:
    friend class Connection;
    explicit Lease(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
    std::shared_ptr<Connection> connection_;
  };
  // Where a transport is called, under the lock.
  Lease lease();
  void endLease(Lease lease);

  // For what a transport does by itself: calls `act` under the lock.
  template <class Act>
  auto locked(Act act) {
    const Lock lock(mutex_);
    return act();
  }
  // Under the lock: how far the transport has taken what was sent; nothing is read for now; it waits for what is in flight.
  uint64_t position() const { return out_.position(); }
  bool rests() const { return phase_ == Phase::Open && !reading_; }
  bool knowsThatPeerLeft() const { return peer_left_; }
  bool aborts() const { return phase_ == Phase::Aborting; }

 private:
  enum class Phase : uint8_t { Open, Closing, Aborting, Released };
  using Lock = std::unique_lock<OptionalMutex>;

  bool receives() const { return (static_cast<int>(direction_) & static_cast<int>(Direction::In)) != 0; }
  bool sends() const { return (static_cast<int>(direction_) & static_cast<int>(Direction::Out)) != 0; }
  Failure ended(const char* syscall) const;
  Failure whyNotSend() const;
  void report(Event::Kind kind, const Failure& failure = {});
  void settle(Id request, const Failure& failure);

  void read(Lock& lock);
  bool mayRead();
  bool take(const ReadAnswer& answer, Lock& lock);
  void takeBytes(const ReadAnswer& answer, Lock& lock);
  void finishReading();
  void reportFrames(Chunk chunk);
  void endReading(const Failure& failure);
  void readingFailed(const Failure& failure);

  void write();
  void wrote(Outbound::Step step);
  void writingFailed();
  void settleEnding(const Failure& failure);
  void askForDrain();
  void settleDrains(uint64_t upto);
  void failDrains(const Failure& failure);

  TimeLimits::Standing standing();
  uint64_t stillUnread();
  void abortWith(const Failure& failure, bool in_order);
  void conclude(Lock& lock);
  void retain();

  const Context context_;
  const std::unique_ptr<Transport> transport_;
  const Direction direction_;
  const Peer peer_;
  const Side side_;
  const bool busy_polls_;
  const Id id_;

  OptionalMutex mutex_;  // all below
  Inbound in_;
  Outbound out_;
  const std::unique_ptr<TimeLimits> limits_;  // null: none
  Phase phase_ = Phase::Open;
  bool in_order_ = false;        // this end closed it, having written everything
  bool reading_ = false;         // a read is in flight, or what it brought is being decoded
  bool peer_left_ = false;       // nothing can be sent either
  bool ended_here_ = false;      // by this side, or by a limit of time
  bool asked_for_drain_ = false; // the transport will answer
  int leases_ = 0;
  uint64_t looked_at_ = 0;  // out_.position() at the latest look,
  uint64_t unread_ = 0;     // and Transport::unread()
  uint64_t written_ = 0;  // out_.position() when it last moved,
  uint64_t active_;       // and when that was, or when something last came: Transport::now()
  Failure failure_;  // what Closed will say

  // JavaScript's thread only.
  bool keep_alive_ = true;
  bool finishing_ = false;  // what is decided to end still has to send
  bool retained_ = false;
  bool flush_due_ = false;
};

}  // namespace framepipe
