// The sending half of a connection: a queue, and its way into the socket. JS thread only.
#pragma once
#include "core/outcome.h"
#include "core/send_queue.h"

namespace framepipe::posix {

class SocketOutput {
 public:
  SocketOutput(const Framing& framing, std::shared_ptr<BlockPool> pool, size_t high_water_mark);

  // All of the frames or, when one is refused, none. The bytes now queued.
  Outcome<size_t> append(int socket, std::span<const std::span<const uint8_t>> frames);

  enum class State : uint8_t { Empty, Blocked, Broken };
  // As far as the kernel takes it, within bounds. Broken: what was queued is dropped.
  State write(int socket);
  const Failure& failure() const { return failure_; }  // why it is broken

  // The kernel told that the peer left without having read all that was sent to it.
  bool reset() const { return reset_; }

  // The queue has fallen to half the mark, having been above the mark. True once.
  bool takeDrained();

  bool empty() const { return queue_.empty(); }
  void clear() { queue_.clear(); }

  uint64_t appended() const { return bytes_ + queue_.queued(); }  // bytes, since the beginning
  uint64_t written() const { return bytes_; }
  uint64_t frames() const { return frames_; }

 private:
  bool admits(int socket, size_t message);
  int writeStream(int socket);
  int writeMessages(int socket);
  State broken(int error);

  SendQueue queue_;
  bool messages_;
  bool above_mark_ = false;
  bool reset_ = false;
  size_t high_water_mark_;
  size_t message_limit_ = 0;  // what the kernel is known to take as one message
  uint64_t bytes_ = 0;
  uint64_t frames_ = 0;
  Failure failure_;
};

// Raises the buffer in the kernel to this; the kernel's limit is net.core.wmem_max. Never lowers it.
void raiseSendBuffer(int socket, size_t bytes);

}  // namespace framepipe::posix
