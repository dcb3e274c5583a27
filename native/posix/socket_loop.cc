#include "core/loop.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "posix/acting.h"
#include "posix/errno_failure.h"
#include "posix/peer_credentials.h"
#include "posix/socket_listener.h"
#include "posix/unnamed_ids.h"

namespace framepipe {

namespace posix {

namespace {

Failure connectFailure(int error, const std::string& path) {
  constexpr const char* kSyscall = "connect";
  struct stat status;
  switch (error) {
    case ECONNREFUSED:
      if (::stat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
        return errnoFailure(ENOTSOCK, kSyscall, "the file at this path is not a socket");
      return errnoFailure(error, kSyscall, "the server has ended and left its socket behind");
    case EPROTOTYPE:
      return onlyOneEndUsesMessages(error);
    case EACCES:
      return errnoFailure(error, kSyscall, kRefusedByAccess);
    default:
      return errnoFailure(error, kSyscall);
  }
}

// Whoever listens at that socket, by the kernel's word; which is no word of somebody without a name here.
bool trusts(const ConnectOptions& options, int64_t server) {
  const auto is = [server](const Principal& owner) {
    if (owner.kind == Principal::Kind::Owner) return server == static_cast<int64_t>(ownUser());
    return server == (owner.kind == Principal::Kind::Administrators ? 0 : owner.id);
  };
  const auto& owners = options.server_owners;
  return owners.empty() || (!isUnnamed(server) && std::any_of(owners.begin(), owners.end(), is));
}

}  // namespace

// The loop on Unix sockets: it waits on Node's own loop, where nothing has to change threads.
// JS thread only.
class SocketLoop final : public Loop {
 public:
  explicit SocketLoop(Host& host) : state_(host, events_) {}

  Outcome<Id> listen(const ListenOptions& options) override;
  Outcome<Id> connect(const ConnectOptions& options, Id request) override;
  void stop(void (*done)(void*), void* argument) override;

 private:
  LoopState state_;
};

Outcome<Id> SocketLoop::listen(const ListenOptions& options) {
  if (state_.stopped()) return environmentEnding("listen");
  const auto listener = std::make_shared<SocketListener>(state_, connections_, options);
  if (const Failure failure = listener->open()) return failure;
  const Id id = listeners_.add(listener);
  if (!id) {
    listener->abandon();
    return noNumberLeft("listen");
  }
  listener->begin(id);
  return id;
}

// A connection is made at once or not at all: nobody waits for an accept().
Outcome<Id> SocketLoop::connect(const ConnectOptions& options, Id) {
  if (state_.stopped()) return environmentEnding("connect");
  const auto address = socketAddress(options.path, "connect");
  if (!address) return address.failure;
  UniqueFd socket(::socket(AF_UNIX, socketType(options.framing), 0));
  if (!socket) return errnoFailure(errno, "connect");
  if (connectTo(socket.get(), address.value) < 0) return connectFailure(errno, options.path);
  const auto peer = peerOf(socket.get(), "connect");
  if (!peer) return peer.failure;
  if (!trusts(options, peer.value.uid)) return untrustedServer();
  auto transport = std::make_unique<SocketTransport>(state_, std::move(socket), options);
  if (const int error = transport->open()) return errnoFailure(-error, "connect");
  const Id id = connections_.reserve();
  if (!id) return noNumberLeft("connect");
  const auto connection = std::make_shared<Connection>(state_.context(), id, std::move(transport), options, peer.value,
                                                       Connection::Side::Client);
  connections_.put(id, connection);
  connection->keepAlive(true);
  state_.limitTimer().add(connection, options.timeouts);
  connection->start();
  return id;
}

void SocketLoop::stop(void (*done)(void*), void* argument) {
  state_.stop();
  listeners_.each([](const auto& listener) { static_cast<SocketListener&>(*listener).abandon(); });
  connections_.each([](const auto& connection) { connection->abandon(); });
  state_.handles().whenNone(done, argument);  // may end this loop
}

}  // namespace posix

std::unique_ptr<Loop> makeLoop(Host& host) {
  return std::make_unique<posix::SocketLoop>(host);
}

}  // namespace framepipe
