// A connection over a socket: reads and writes when Node's loop finds it ready, and ends by itself
// when the peer has gone and all that it sent has been read. JS thread only, but for identity().
#pragma once
#include <memory>
#include <mutex>

#include "core/loop.h"
#include "posix/drain_requests.h"
#include "posix/poll_watch.h"

namespace framepipe::posix {

// Where a connection was accepted: wants to know when its descriptor is free again.
class ConnectionOrigin {
 public:
  virtual void connectionReleased() = 0;

 protected:
  ~ConnectionOrigin() = default;
};

class SocketConnection final : public Connection,
                               private PollWatch::Owner,
                               public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(LoopState& state, UniqueFd socket, const ChannelOptions& options, const Peer& peer);

  // 0, or a negative errno: then it is not to be used.
  int open();
  // Its number is known: events may be reported. An accepted connection reads what is there already.
  void begin(Id id);
  void begin(Id id, std::weak_ptr<ConnectionOrigin> origin);
  // The loop stops.
  void abandon();

  const Peer& peer() const override { return peer_; }
  Traffic traffic() const override;
  Outcome<size_t> send(std::span<const std::span<const uint8_t>> frames) override;
  void flush() override;
  void consumed(size_t bytes) override;
  void endSending(Id request) override;
  void close() override;
  void destroy(const Failure& failure) override;
  void waitForDrain(Id request) override;
  void cancelDrain(Id request) override { drains_.cancel(request); }
  void keepAlive(bool on) override;
  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override;

 private:
  void polled(int status, int events) override;
  bool isOpen() const { return static_cast<bool>(socket_); }
  bool mayRead() const { return !ended_ && !closing_ && (unread_ < high_water_mark_ || peer_gone_); }
  int interest() const;
  void watch(bool narrow);

  void lookForPeer();
  void receive(bool to_the_end);
  void endReading(const Failure& failure);
  void write();
  void settleEnding(const Failure& failure);
  void conclude();
  void hold();
  void release(const Failure& failure);
  Failure whyNotSend() const;

  LoopState& state_;
  UniqueFd socket_;
  std::mutex releasing_;  // identity() against release()
  PollWatch watch_;
  SocketInput input_;
  SocketOutput output_;
  DrainRequests drains_;
  Retention retention_;
  Peer peer_;
  Id id_ = 0;
  Id ending_ = 0;  // the request that waits until all is written
  std::weak_ptr<ConnectionOrigin> origin_;

  const Direction direction_;
  const size_t high_water_mark_;
  size_t unread_ = 0;        // bytes that JavaScript was given and has not consumed
  bool accepted_ = false;
  bool keep_alive_ = true;
  bool ended_ = false;       // nothing more is read
  bool half_closed_ = false; // the peer sends nothing more; what it sent may still be unread
  bool peer_gone_ = false;   // nothing can be sent either
  bool blocked_ = false;     // the kernel takes no more for now
  bool sending_ended_ = false;
  bool closing_ = false;
};

}  // namespace framepipe::posix
