#include "posix/socket_listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "posix/errno_failure.h"
#include "posix/peer_credentials.h"
#include "posix/socket_calls.h"

namespace framepipe::posix {

namespace {

constexpr int kAccepts = 64;  // then others have their turn
constexpr uint64_t kRetryPause = 100;
constexpr uint32_t kUsualBuffer = 64u << 10;

Failure unsupported() {
  return errnoFailure(ENOTSUP, "listen",
                      "security descriptors are for Windows: use 'owner', 'authenticated' or 'everyone'");
}

}  // namespace

SocketListener::SocketListener(LoopState& state, HandleTable<Connection>& connections, const ListenOptions& options)
    : state_(state),
      connections_(connections),
      options_(options),
      admission_(options.access),
      retry_(*this),
      retention_(state.host()),
      users_(options.max_per_user) {}

Failure SocketListener::open() {
  if (options_.access.sddl) return unsupported();
  UniqueFd socket(::socket(AF_UNIX, socketType(options_.framing), 0));
  if (!socket) return errnoFailure(errno, "listen");
  if (const Failure failure = file_.bind(socket.get(), options_.path, admission_.ofFile())) return failure;
  int error = ::listen(socket.get(), SOMAXCONN) ? errno : 0;
  if (!error) error = -watch_.open(state_.uvLoop(), state_.handles(), socket.get(), *this);
  if (error) {
    file_.remove();
    return errnoFailure(error, "listen");
  }
  socket_ = std::move(socket);
  return {};
}

void SocketListener::begin(Id id) {
  id_ = id;
  retention_.set(true);
  watch();
}

Failure SocketListener::setAccess(const Access& access) {
  if (access.sddl) return unsupported();
  if (!isOpen()) return serverClosed("setAccess");
  const Admission admission(access);
  if (const Failure failure = file_.setAccess(admission.ofFile())) return failure;
  admission_ = admission;
  return {};
}

void SocketListener::close() {
  if (!isOpen()) return;
  acceptAll();  // to clients in the kernel's queue the server was there
  release();
  state_.report({Event::Kind::Unlistened, id_});
}

void SocketListener::abandon() {
  if (isOpen()) release();
}

void SocketListener::release() {
  watch_.close();
  retry_.close();
  file_.remove();
  socket_.reset();
  retention_.set(false);
}

void SocketListener::polled(int status, int) {
  const auto self = shared_from_this();
  {
    const Turn turn(state_, Turn::Of::Polling);
    if (status < 0) pause(-status);
    acceptAll();
    watch();
  }
}

void SocketListener::acceptAll() {
  ClientProcess last;
  for (int i = 0; i < kAccepts && isOpen() && !paused_ && !full(); ++i) {
    UniqueFd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket)
      admit(std::move(socket), last);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return;
    else if (errno != EINTR && errno != ECONNABORTED)
      pause(errno);
  }
}

void SocketListener::admit(UniqueFd socket, ClientProcess& last) {
  const auto peer = peerOf(socket.get(), "accept");
  if (!peer || !admission_.admits(peer.value, socket.get())) return;
  if (options_.out_buffer > kUsualBuffer) raiseSendBuffer(socket.get(), options_.out_buffer);
  const std::string user = std::to_string(peer.value.uid);
  if (users_.limits() && !users_.enter(user)) return;
  const Id id = connections_.reserve();
  if (!id) {
    last_failure_ = Loop::noNumberLeft("accept");
    return users_.leave(user);
  }
  Accepted accepted{weak_from_this(), capabilitiesOf(socket.get(), peer.value, last)};
  auto transport = std::make_unique<SocketTransport>(state_, std::move(socket), options_, std::move(accepted));
  if (const int error = transport->open(); error < 0) {
    last_failure_ = errnoFailure(-error, "accept");
    users_.leave(user);
    return connections_.cancel(id);
  }
  ++open_connections_;
  ++untaken_;
  const auto connection = std::make_shared<Connection>(state_.context(), id, std::move(transport), options_, peer.value,
                                                       Connection::Side::Server);
  connections_.put(id, connection);
  connection->keepAlive(true);
  state_.limitTimer().add(connection, options_.timeouts);
  state_.report({Event::Kind::Accepted, id_, id});
  connection->start();  // most clients have sent their first frame by now: that spares them a turn of the loop
}

// Clients wait in the backlog meanwhile. A descriptor becomes free when a connection of ours is
// released, or by something that we are not told of.
void SocketListener::pause(int error) {
  last_failure_ = errnoFailure(error, "accept");
  paused_ = true;
  retry_.start(state_.uvLoop(), state_.handles(), kRetryPause);
}

void SocketListener::elapsed() {
  paused_ = false;
  watch();
}

void SocketListener::connectionReleased(const Peer& peer) {
  --open_connections_;
  if (users_.limits()) users_.leave(std::to_string(peer.uid));
  paused_ = false;
  watch();
}

void SocketListener::taken() {
  if (untaken_ > 0) --untaken_;
  watch();
}

// Further clients wait in the kernel's queue.
bool SocketListener::full() const {
  return (options_.max_instances && open_connections_ >= options_.max_instances) || untaken_ >= options_.backlog;
}

void SocketListener::watch() {
  if (isOpen()) watch_.want(full() || paused_ ? 0 : UV_READABLE);
}

}  // namespace framepipe::posix
