// The receiving half of a connection: from the socket's bytes or messages to chunks of frames.
// JS thread only.
#pragma once
#include "core/receiver.h"

namespace framepipe::posix {

class SocketInput {
 public:
  SocketInput(const Framing& framing, std::shared_ptr<BlockPool> pool);

  struct Step {
    enum class State : uint8_t { Arrived, Nothing, Ended };
    State state = State::Nothing;
    bool emptied = false;  // Arrived: the socket had no more than this
    size_t bytes = 0;
    Chunk chunk;           // may hold frames whatever the state
    Failure failure;       // Ended: unless the peer ended between frames
  };

  // One read. A peer's end is an end, whether it left unread data behind or not: what it sent has
  // been read by then.
  Step read(int socket);

  // Reads and forgets what has arrived, a bounded part of it; false: there is no more.
  bool discard(int socket);

  // Holds no memory any more but an incomplete frame's.
  void rest() { receiver_.release(); }
  bool recent = false;  // RecentReaders' mark

  // The kernel told that the peer left without having read all that was sent to it.
  bool reset() const { return reset_; }

  uint64_t bytes() const { return bytes_; }
  uint64_t frames() const { return frames_; }

 private:
  int64_t receive(int socket, std::span<uint8_t> room, int flags);
  Step readStream(int socket);
  Step readMessage(int socket);
  Step arrived(size_t bytes, bool message_ends);
  Step refuse(size_t size);
  Step ended();
  Step failed(int error);

  Receiver receiver_;
  bool messages_;
  bool reset_ = false;
  size_t max_frame_length_;
  uint64_t bytes_ = 0;
  uint64_t frames_ = 0;
};

}  // namespace framepipe::posix
