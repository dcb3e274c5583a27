// What a platform provides for one connection: it moves bytes and decides nothing. Every function is called under the
// connection's lock, read() on the reading thread (Windows: the port's, but for a client's first read; Linux:
// JavaScript's). A transport answers at once, or later by one of the functions of Connection that it names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/block.h"
#include "core/failure.h"
#include "core/mutex.h"
#include "core/outcome.h"

namespace framepipe {

class Client;
class Connection;
class Identity;

struct ReadAnswer {
  enum class Kind : uint8_t {
    Bytes,     // `bytes` are in the room
    TooSmall,  // a message of `bytes` bytes waits: ask again with room for it
    Empty,     // nothing has arrived: Connection::work() follows when something has
    InFlight,  // readCompleted() follows; until then the room is the system's
    Ended,     // the peer sends nothing more
    Failed,
  };
  Kind kind = Kind::Empty;
  bool message_ends = false;
  bool was_all = false;    // Bytes: nothing more has arrived: Connection::work() follows when something has
  bool peer_left = false;  // Ended: it does not read any more, either
  size_t bytes = 0;
  Failure failure = {};
};

struct WriteAnswer {
  enum class Kind : uint8_t {
    Taken,
    Full,      // the system takes no more for now: Connection::work() follows
    InFlight,  // writeCompleted() follows; until then the first stretch is the system's
    Failed,
  };
  Kind kind = Kind::Taken;
  bool peer_left = false;  // Failed: that is why
  size_t bytes = 0;        // Taken: a pipe of bytes; of messages, those of all that were taken
  size_t messages = 0;     // Taken: a pipe of messages takes whole ones
  Failure failure = {};
};

class Transport {
 public:
  virtual ~Transport() = default;

  // The connection that it belongs to, before anything else. Not under the lock.
  virtual void attach(Connection& connection) = 0;

  // What keeps apart the threads that call the connection. Null: JavaScript's alone does.
  virtual Mutex* mutex() = 0;

  // The time in ms, as the system has it ready: to be asked for at every read and write, it must cost nothing.
  virtual uint64_t now() const = 0;

  // How much room the first read is offered: a system that keeps the room while nothing arrives wants little.
  virtual size_t firstRoom() const = 0;

  // `keep`: false, when what arrives is thrown away, in any pieces.
  virtual ReadAnswer read(std::span<uint8_t> room, bool keep) = 0;

  // Nothing is read for now. That the peer leaves is still told, by peerLeft().
  virtual void pause() = 0;

  // Connection::work() is called soon, on the reading thread. Many calls
  // may become one.
  virtual void readSoon() = 0;
  virtual void writeSoon() = 0;

  // Hands over the stretches from the first one on, as many as it likes. Of messages each stretch is one.
  virtual WriteAnswer write(std::span<const std::span<const uint8_t>> stretches) = 0;
  // How many it likes, at most.
  virtual size_t stretchesAtOnce() const = 0;

  // Fails when a message of this size can never be written.
  virtual Failure admit(size_t message) = 0;

  // All has been written. Whether the peer sees that nothing more comes.
  virtual bool endSending() = 0;

  // How much of what was written the peer has not read, by the system's own measure, which changes whenever it reads; 0: it
  // has read all, or the system does not tell. Costs a system call.
  virtual uint64_t unread() = 0;

  // How far the peer has read, at least, where the system tells at once: in bytes, and a message counts one more.
  virtual std::optional<uint64_t> readByPeer() = 0;

  // When the peer has read as far as `upto`, peerHasRead() follows, or else drainFailed(). One at a time.
  virtual Failure tellWhenRead(uint64_t upto) = 0;

  // Nobody waits for that any more. False: the answer comes all the same.
  virtual bool forgetDrain() = 0;

  // What is in flight completes soon, one way or another. May be called again.
  virtual void cancel() = 0;

  // Nothing is in flight, and nothing is asked for any more. `in_order`: the peer reads what was written, and sees no
  // failure. Not under the lock.
  virtual void release(bool in_order) = 0;

  // Closed was told: the last call. Not under the lock.
  virtual void released() = 0;

  // Who the client is. Impersonation thread, not under the lock.
  virtual Outcome<std::shared_ptr<Identity>> identity(bool to_act) = 0;

  // The same from release() on, as a thing of its own, if the client stays known. JS thread, not under the lock.
  virtual std::shared_ptr<Client> formerClient() { return nullptr; }
};

}  // namespace framepipe
