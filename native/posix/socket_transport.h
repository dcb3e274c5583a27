// A transport over a socket: tries at once, and again when Node's loop finds the socket ready. JS thread only, but for
// identity().
#pragma once
#include <memory>
#include <mutex>
#include <optional>

#include "core/connection.h"
#include "posix/credentials.h"
#include "posix/loop_state.h"
#include "posix/poll_watch.h"
#include "posix/timer.h"
#include "posix/unique_fd.h"

namespace framepipe::posix {

// Where a connection was accepted: wants to know when its descriptor is free again.
class ConnectionOrigin {
 public:
  virtual void connectionReleased(const Peer& peer) = 0;

 protected:
  ~ConnectionOrigin() = default;
};

// What is known of a connection because it was accepted.
struct Accepted {
  std::weak_ptr<ConnectionOrigin> origin;
  CapabilitySet capabilities{};  // the client's at that time
};

class SocketTransport final : public Transport,
                              public RecentReaders::Reader,
                              private PollWatch::Owner,
                              private Timer::Owner {
 public:
  // `accepted`: none for a client.
  SocketTransport(LoopState& state, UniqueFd socket, const ChannelOptions& options,
                  std::optional<Accepted> accepted = {});

  // 0, or a negative errno: then it is not to be used.
  int open();

  void attach(Connection& connection) override { connection_ = &connection; }
  Mutex* mutex() override { return nullptr; }
  uint64_t now() const override;
  size_t firstRoom() const override { return Receiver::kFirstStep; }
  ReadAnswer read(std::span<uint8_t> room, bool keep) override;
  void pause() override;
  void readSoon() override;
  void writeSoon() override;
  size_t stretchesAtOnce() const override { return 1024; }  // IOV_MAX
  WriteAnswer write(std::span<const std::span<const uint8_t>> stretches) override;
  Failure admit(size_t message) override;
  bool endSending() override;
  uint64_t unread() override;
  std::optional<uint64_t> readByPeer() override;
  Failure tellWhenRead(uint64_t upto) override;
  bool forgetDrain() override;
  void cancel() override {}
  void release(bool in_order) override;
  void released() override {}
  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override;
  std::shared_ptr<Client> formerClient() override { return former_client_; }

 private:
  void rest() override { connection_->rest(); }
  void polled(int status, int events) override;
  void elapsed() override;

  ReadAnswer readMessage(std::span<uint8_t> room, bool keep);
  ReadAnswer readFailed(int64_t error);
  ReadAnswer ended();
  void discardAll();
  int interest() const;
  void watch(bool narrow);

  LoopState& state_;
  UniqueFd socket_;
  std::mutex releasing_;  // identity() against release()
  std::shared_ptr<Client> former_client_;
  PollWatch watch_;
  Timer drain_timer_;
  Connection* connection_ = nullptr;
  const std::optional<Accepted> accepted_;
  const Direction direction_;
  const bool messages_;

  bool fresh_;                  // a client's own end: nothing can have arrived yet
  bool wants_read_ = false;     // Connection::work() was promised, for one
  bool wants_write_ = false;    // and for the other
  bool half_closed_ = false;    // the peer sends nothing more; what it sent may still be unread
  bool ended_ = false;          // and all of that has been read
  bool left_ = false;           // it is gone altogether: nothing more is to be heard of it
  bool reset_ = false;          // the peer left without having read all that was sent to it
  size_t message_limit_ = 0;    // what the kernel is known to take as one message
  uint64_t written_ = 0;        // the position that the kernel has taken
  uint64_t drain_upto_ = 0;
  uint64_t drain_pause_ = 0;    // milliseconds
};

}  // namespace framepipe::posix
