// One end of a pipe, as JavaScript sees it. JS thread only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/handle_table.h"
#include "core/outcome.h"

namespace framepipe {

class Identity;

struct Peer {
  int64_t pid = -1;
  int64_t session = -1;  // Windows
  int64_t uid = -1;      // elsewhere
  int64_t gid = -1;
};

struct Traffic {
  uint64_t bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;

  virtual const Peer& peer() const = 0;
  virtual Traffic traffic() const = 0;

  // Queues all of the frames or, when one is refused or the pipe is closed, none.
  // Returns the bytes now queued. Once they exceed the high-water mark, a Drained event follows.
  // Nothing need be written before flush().
  virtual Outcome<size_t> send(std::span<const std::span<const uint8_t>> frames) = 0;

  // Writes what is queued, as far as the operating system takes it; the rest follows by itself.
  virtual void flush() = 0;

  // JavaScript is done with this many received bytes (of Chunk::length): reading goes on when
  // what is not consumed falls below the high-water mark.
  virtual void consumed(size_t bytes) = 0;

  // Sends nothing more after what is queued, but goes on receiving. Settles `request` when all is written: with 1 if the
  // peer sees the end (a Unix socket's half-close), with 0 where nothing but close() can show it (Windows).
  virtual void endSending(Id request) = 0;

  // Sends nothing more after what is queued, which still goes out and stays readable for the peer;
  // receives nothing more. Then Closed. close(), destroy(): the first one counts, except that
  // destroy() cuts a close() short.
  virtual void close() = 0;

  // At once: what is queued is dropped. Closed follows, with `failure` if given.
  virtual void destroy(const Failure& failure) = 0;

  // Settles `request` when the peer has read all that was sent before; fails when it cannot any more.
  virtual void waitForDrain(Id request) = 0;
  virtual void cancelDrain(Id request) = 0;

  // Whether this connection keeps the process alive. On when created.
  virtual void keepAlive(bool on) = 0;

  // The client's identity (server side). Impersonation thread: it may block shortly.
  // Fails with ERR_PIPE_CANNOT_IMPERSONATE when the client did not offer enough to act as it.
  virtual Outcome<std::shared_ptr<Identity>> identity(bool to_act) = 0;
};

}  // namespace framepipe
