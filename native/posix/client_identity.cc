#include "posix/client_identity.h"

#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "posix/acting.h"
#include "posix/errno_failure.h"
#include "posix/peer_credentials.h"
#include "posix/unnamed_ids.h"

namespace framepipe::posix {

namespace {

Failure cannot(int error, const char* hint) {
  return {"ERR_PIPE_CANNOT_IMPERSONATE", "impersonate", error, hint, {}};
}

Failure cannotBecome(int error) {
  switch (error) {
    case EPERM:
      return cannot(error,
                    "this process may not become the client's user: it needs root's rights, or the capabilities "
                    "CAP_SETUID and CAP_SETGID");
    case EINVAL:
      return cannot(error, "the client's user does not exist in the user namespace of this process");
    case ENOENT:
      return cannot(error, "/proc is needed, to see whether threads are made meanwhile");
    case EMFILE:
    case ENFILE:
      return cannot(error, "no file descriptor is left, which it takes to see whether threads are made meanwhile");
    case EBUSY:
      return cannot(error, "the thread acts as a client already");
    default:
      return cannot(error, nullptr);
  }
}

constexpr auto kNoId = static_cast<uid_t>(-1);

int readPeer(int socket, Subject& peer) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size)) return errno;
  if (credentials.uid == kNoId) return ENOTCONN;
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  return peerGroups(socket, peer.groups);
}

// Nobody may act as a user or group that may be anybody's, this process's own included: they look the same. Without a name, a
// further group is none, unless the client is this process's own user in the same groups.
Failure withoutUnnamed(Subject& peer) {
  if (isUnnamed(peer.uid) || isUnnamed(peer.gid))
    return cannot(0, "the client's user or group has no name in the user namespace of this process");
  const auto none = std::find_if(peer.groups.begin(), peer.groups.end(), isUnnamed);
  if (none == peer.groups.end()) return {};
  Credentials own;
  if (readCredentials(own) == 0 && actsAs(own, peer)) return {};
  std::erase(peer.groups, kUnnamed);
  return {};
}

// The number itself when the user database has no name for it.
std::string nameOf(uid_t uid) {
  std::vector<char> room(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error;
  while ((error = getpwuid_r(uid, &entry, room.data(), room.size(), &found)) == ERANGE && room.size() < (1u << 20))
    room.resize(room.size() * 2);
  return error == 0 && found ? std::string(found->pw_name) : std::to_string(uid);
}

class ClientIdentity final : public Identity {
 public:
  explicit ClientIdentity(Subject&& subject) : subject_(std::move(subject)), account_(std::to_string(subject_.uid)) {}

  Failure assume() noexcept override { return start(Until::SystemCalls); }
  void revert() noexcept override { stopActing(); }
  Failure assumeForScript() noexcept override { return start(Until::Script); }
  void revertAfterScript() noexcept override { stopActing(); }

  const std::string& account() const noexcept override { return account_; }

  Outcome<User> user() noexcept override {
    User user;
    user.uid = subject_.uid;
    user.gid = subject_.gid;
    user.name = nameOf(subject_.uid);
    user.group_ids.assign(subject_.groups.begin(), subject_.groups.end());
    return user;
  }

 private:
  Failure start(Until until) {
    const int error = startActing(subject_, until);
    return error ? cannotBecome(error) : Failure{};
  }

  const Subject subject_;
  const std::string account_;
};

Outcome<std::shared_ptr<Identity>> identityOf(Subject client, bool to_act) {
  if (to_act) {
    if (const Failure failure = withoutUnnamed(client)) return failure;
  }
  auto identity = std::make_shared<ClientIdentity>(std::move(client));
  if (to_act) {
    if (const Failure failure = identity->assume()) return failure;
    identity->revert();
  }
  return std::shared_ptr<Identity>(std::move(identity));
}

class FormerClient final : public Client {
 public:
  explicit FormerClient(Subject&& subject) : subject_(std::move(subject)) {}

  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override { return identityOf(subject_, to_act); }

 private:
  const Subject subject_;
};

}  // namespace

Outcome<std::shared_ptr<Identity>> takeIdentity(int socket, const CapabilitySet& capabilities, bool to_act) {
  Subject client;
  client.capabilities = capabilities;
  if (const int error = readPeer(socket, client))
    return errnoFailure(error, "getsockopt", "the system does not tell who the client is");
  return identityOf(std::move(client), to_act);
}

std::shared_ptr<Client> keepClient(int socket, const Peer& peer, const CapabilitySet& capabilities) {
  Subject client{static_cast<uid_t>(peer.uid), static_cast<gid_t>(peer.gid), {}, capabilities};
  if (client.uid == kNoId || peerGroups(socket, client.groups)) return nullptr;
  return std::make_shared<FormerClient>(std::move(client));
}

}  // namespace framepipe::posix
