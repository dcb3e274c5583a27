// What a client that acts on a server's thread may do beside what its ids allow.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <utility>

#include "loops/world.h"
#include "posix/as_root.h"
#include "posix/child.h"
#include "posix/clients.h"

namespace framepipe::test {

namespace {

using posix::CapabilitySet;

constexpr CapabilitySet kNone{};

// A client in a process of its own, which does `prepare` before it connects, and stays until this leaves.
class Client {
 public:
  // `flags`: of clone(2).
  template <class Prepare>
  explicit Client(Prepare prepare, unsigned flags = 0) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    auto* const to = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address.sun_family;  // the kernel chooses a name
    CHECK(::bind(listener, to, size) == 0 && ::listen(listener, 1) == 0);
    size = sizeof address;
    CHECK(::getsockname(listener, to, &size) == 0);
    child_ = flags ? static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)) : ::fork();
    if (child_ == 0) {
      const int connected = prepare() ? ::socket(AF_UNIX, SOCK_STREAM, 0) : -1;
      if (::connect(connected, to, size)) ::_exit(1);
      ::close(listener);
      char byte;
      [[maybe_unused]] const ssize_t ignored = ::read(connected, &byte, 1);
      ::_exit(0);
    }
    pollfd waiting{.fd = listener, .events = POLLIN, .revents = 0};
    const bool came = ::poll(&waiting, 1, 10'000) == 1;
    CHECK(came);
    socket_ = came ? ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
    ::close(listener);
  }
  ~Client() {
    leave();
    ::close(socket_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int socket() const { return socket_; }
  pid_t number() const { return child_; }

  void leave() {
    if (child_ <= 0) return;
    ::shutdown(socket_, SHUT_RDWR);
    ::waitpid(std::exchange(child_, -1), nullptr, 0);
  }

 private:
  pid_t child_;
  int socket_;
};

CapabilitySet capabilitiesOf(int socket, posix::ClientProcess& last) {
  const auto peer = posix::peerOf(socket, "accept");
  CHECK(static_cast<bool>(peer));
  return posix::capabilitiesOf(socket, peer.value, last);
}

CapabilitySet capabilitiesOf(int socket) {
  posix::ClientProcess none;
  return capabilitiesOf(socket, none);
}

// A process that does nothing, with a number that nobody has.
pid_t processWithNumber(pid_t number) {
  uint64_t how[10]{};  // struct clone_args of <linux/sched.h>, which does not go together with <sched.h>
  how[4] = SIGCHLD;    // exit_signal
  how[8] = reinterpret_cast<uintptr_t>(&number);  // set_tid
  how[9] = 1;                                     // set_tid_size
  const auto child = static_cast<pid_t>(::syscall(SYS_clone3, how, sizeof how));
  if (child != 0) return child;
  for (;;) ::pause();
}

// In a user namespace of its own (CLONE_NEWUSER; unshare(2) would take a process of one thread, and sanitizers have more), its
// user is root.
bool becomeItsRoot() {
  const int map = ::open("/proc/self/uid_map", O_WRONLY);
  const bool written = ::write(map, "0 0 1", 5) == 5;
  ::close(map);
  return written;
}

bool mayRead(const char* path) {
  FILE* const file = std::fopen(path, "re");
  if (file) std::fclose(file);
  return file != nullptr;
}

}  // namespace

TEST_AS_ROOT(aRootWithFewCapabilitiesIsActedAsWithThose) {
  const Credentials before = credentials();
  const Client client(
      [] { return setCapabilities(bit(CAP_CHOWN) | bit(CAP_FOWNER), bit(CAP_CHOWN) | bit(CAP_FOWNER)), true; });
  const auto taken = take(client.socket(), /*to_act=*/true);
  CHECK(static_cast<bool>(taken));
  CHECK(!taken.value->assume());
  const Credentials acting = credentials();
  taken.value->revert();
  CHECK(acting.users == before.users);
  CHECK((acting.capabilities.effective == CapabilitySet{bit(CAP_CHOWN) | bit(CAP_FOWNER), 0}));
  CHECK(acting.capabilities.permitted == before.capabilities.permitted);
  CHECK(credentials() == before);
}

TEST_AS_ROOT(aRootWithoutCapabilitiesReadsWhatItOwnsAndNoMore) {
  char mine[] = "/tmp/framepipe-mine-XXXXXX", others[] = "/tmp/framepipe-others-XXXXXX";
  for (char* const name : {mine, others}) ::close(::mkstemp(name));  // their mode is 0600
  CHECK(::chown(others, kOther.uid, kOther.gid) == 0);
  const Client client([] { return setCapabilities(0, 0), true; });
  const auto taken = take(client.socket(), /*to_act=*/true);
  CHECK(static_cast<bool>(taken));
  for (const bool script : {false, true}) {
    CHECK(!(script ? taken.value->assumeForScript() : taken.value->assume()));
    const bool reads_mine = mayRead(mine), reads_others = mayRead(others);
    script ? taken.value->revertAfterScript() : taken.value->revert();
    CHECK(reads_mine);
    CHECK(!reads_others);
    CHECK(mayRead(others));
  }
  for (const char* const name : {mine, others}) ::unlink(name);
}

TEST_AS_ROOT(aServersOwnCapabilitiesAreTheMostThatAClientHas) {
  const Client client([] { return true; });
  const int code = inChild([&] {
    setCapabilities(bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_SETPCAP) | bit(CAP_SYS_PTRACE),
                    credentials().capabilities.permitted[0]);
    const Credentials own = credentials();
    const auto taken = take(client.socket(), /*to_act=*/true);
    if (!taken || taken.value->assume()) return 1;
    return credentials().capabilities.effective == own.capabilities.effective ? 0 : 2;
  });
  CHECK(code == 0);
}

TEST_AS_ROOT(capabilitiesOfWhomNothingCanBeLearnedAreNone) {
  Client client([] { return true; });
  const CapabilitySet all = credentials().capabilities.effective;
  CHECK(capabilitiesOf(client.socket()) == all);
  client.leave();
  CHECK(capabilitiesOf(client.socket()) == kNone);  // whoever has its number now
  const Client elsewhere(becomeItsRoot, CLONE_NEWUSER);
  const auto peer = posix::peerOf(elsewhere.socket(), "accept");
  CHECK(peer && peer.value.uid == 0);
  CHECK(capabilitiesOf(elsewhere.socket()) == kNone);  // it has all of them there, and they are nothing here
}

TEST_AS_ROOT(aClientAfterAnotherIsTheSameProcessWhileThatHasItsNumber) {
  const CapabilitySet all = credentials().capabilities.effective, few{bit(CAP_CHOWN), 0};
  Client client([] { return true; });
  const Client other([] { return setCapabilities(bit(CAP_CHOWN), bit(CAP_CHOWN)), true; });
  posix::ClientProcess last;
  for (int i = 0; i < 2; ++i) {
    CHECK(capabilitiesOf(client.socket(), last) == all);
    CHECK(capabilitiesOf(other.socket(), last) == few);
    CHECK(capabilitiesOf(other.socket(), last) == few);
  }
  CHECK(capabilitiesOf(client.socket(), last) == all);
  const pid_t number = client.number();
  client.leave();
  const pid_t successor = processWithNumber(number);
  CHECK(successor == number);
  CHECK(capabilitiesOf(client.socket(), last) == kNone);
  ::kill(successor, SIGKILL);
  ::waitpid(successor, nullptr, 0);
}

TEST_AS_ROOT(whoIsNotRootHasNoCapabilities) {
  const Client client([] { return becomeCapable(), true; });
  CHECK(capabilitiesOf(client.socket()) == kNone);
}

TEST_AS_ROOT(ownClientsWithFewerCapabilitiesNeedNoPrivilege) {
  const Client client([] { return ::setgroups(0, nullptr) == 0 && ::setgid(1000) == 0 && ::setuid(1000) == 0; });
  const int code = inChild([&] {
    CHECK(::setgroups(0, nullptr) == 0);
    becomeCapable();
    setCapabilities(bit(CAP_DAC_OVERRIDE), bit(CAP_DAC_OVERRIDE));
    const Credentials own = credentials();
    const auto taken = take(client.socket(), /*to_act=*/true);
    if (!taken || taken.value->assume()) return 1;
    if (credentials().capabilities.effective != kNone || mayRead("/etc/shadow")) return 2;
    taken.value->revert();
    return credentials() == own && mayRead("/etc/shadow") ? 0 : 3;
  });
  CHECK(code == 0);
}

TEST_AS_ROOT(capabilitiesOfAServerThatIsNotRootAreNotTheClients) {
  const int code = inChild([] {
    becomeCapable();
    const Credentials before = credentials();
    if (startActing(kOther, posix::Until::SystemCalls)) return 1;
    const Credentials acting = credentials();
    if (acting.capabilities.effective != decltype(acting.capabilities.effective){}) return 2;
    if (access("/etc/shadow", R_OK) == 0 || fopen("/etc/shadow", "r")) return 3;
    posix::stopActing();
    return credentials() == before ? 0 : 4;
  });
  CHECK(code == 0);
}

}  // namespace framepipe::test
