// Accepts connections on a socket's path while Node's loop runs. JS thread only.
#pragma once
#include <memory>

#include "core/loop.h"
#include "core/user_counts.h"
#include "posix/admission.h"
#include "posix/peer_capabilities.h"
#include "posix/socket_file.h"
#include "posix/socket_transport.h"

namespace framepipe::posix {

class SocketListener final : public Listener,
                             public ConnectionOrigin,
                             private PollWatch::Owner,
                             private Timer::Owner,
                             public std::enable_shared_from_this<SocketListener> {
 public:
  SocketListener(LoopState& state, HandleTable<Connection>& connections, const ListenOptions& options);

  Failure open();
  void begin(Id id);
  // The loop stops.
  void abandon();

  Failure setAccess(const Access& access) override;
  void close() override;
  Failure lastFailure() override { return last_failure_; }
  void keepAlive(bool on) override { retention_.set(on && isOpen()); }
  void taken() override;
  uint64_t refused() override { return users_.refused(); }

 private:
  void connectionReleased(const Peer& peer) override;
  void polled(int status, int events) override;
  void elapsed() override;

  bool isOpen() const { return static_cast<bool>(socket_); }
  void acceptAll();
  void admit(UniqueFd socket, ClientProcess& last);
  bool full() const;
  void pause(int error);
  void watch();
  void release();

  LoopState& state_;
  HandleTable<Connection>& connections_;
  const ListenOptions options_;
  Admission admission_;
  UniqueFd socket_;
  SocketFile file_;
  PollWatch watch_;
  Timer retry_;
  Retention retention_;
  Id id_ = 0;
  uint32_t open_connections_ = 0;
  uint32_t untaken_ = 0;  // connections that JavaScript was told of and nobody has taken
  UserCounts users_;
  Failure last_failure_;
  bool paused_ = false;  // there was no descriptor left
};

}  // namespace framepipe::posix
