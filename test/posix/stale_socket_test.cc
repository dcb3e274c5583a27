// What a server that died leaves at its path, and who takes it over.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "loops/world.h"
#include "posix/as_root.h"
#include "posix/child.h"

namespace framepipe::test {

namespace {

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

void leaveStaleSocket(const std::string& path) {
  const RawServer server(path);
}

Failure refusal(World& world, const ListenOptions& options) {
  return world.loop().listen(options).failure;
}
Failure refusal(World& world) {
  return refusal(world, world.listenOptions());
}

std::vector<std::string> names(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

// As a file system that cannot.
bool refuseToExchange() {
  constexpr auto kNumber = static_cast<uint32_t>(offsetof(seccomp_data, nr));
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST(aStaleSocketIsTakenOver) {
  World world;
  leaveStaleSocket(world.path());
  CHECK(same(world.refusal(world.connectOptions()), "ECONNREFUSED"));
  const Id id = world.listen();
  CHECK(!exists(world.path("pipe.lock")));
  CHECK(world.connect(world.connectOptions()) != 0);
  CHECK(world.accept() != 0);
  world.loop().listener(id)->close();
  CHECK(!exists(world.path()));
}

TEST(aStaleSocketWithOpenConnectionsIsTakenOver) {
  World world;
  RawPeer client, session;
  {
    RawServer server(world.path());
    client = RawPeer::connect(world.listenOptions());
    session = server.accept();
  }
  CHECK(client && session);
  CHECK(world.listen() != 0);
}

TEST(noLockOfOthersKeepsAStaleSocketAlive) {
  World world;
  leaveStaleSocket(world.path());
  const int lock = ::open(world.path("pipe.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int folder = ::open(world.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (const int each : {lock, folder}) CHECK(::flock(each, LOCK_EX | LOCK_NB) == 0);
  CHECK(world.listen() != 0);
  CHECK(RawPeer::connect(world.listenOptions()));
  for (const int each : {lock, folder}) ::close(each);
  ::unlink(world.path("pipe.lock").c_str());
  CHECK(names(world.path("")) == std::vector<std::string>{"pipe"});
}

TEST(aStaleSocketWithTheLongestPathIsTakenOver) {
  World world;
  const size_t room = 107 - world.path("").size();
  for (const size_t length : {room, room - 8, room - 9, room - 10}) {
    ListenOptions options = world.listenOptions();
    options.path = world.path(std::string(length, 'x').c_str());
    leaveStaleSocket(options.path);
    const Id id = world.listen(options);
    CHECK(RawPeer::connect(options));
    CHECK(names(world.path("")) == std::vector<std::string>{std::string(length, 'x')});
    world.loop().listener(id)->close();
  }
}

TEST(theNameOfAStaleSocketIsNeverFree) {
  World world;
  leaveStaleSocket(world.path());
  const pid_t servers = ::fork();
  if (servers == 0) {
    for (int i = 0; i < 100; ++i) {
      const int code = inChild([&] {
        const std::unique_ptr<Loop> loop = makeLoop(world);
        ::_exit(loop->listen(world.listenOptions()) ? 0 : 1);  // as if killed: the socket stays behind
        return 0;
      });
      if (code) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1, free = 0, looks = 0;
  for (; ::waitpid(servers, &status, WNOHANG) == 0; ++looks) free += !exists(world.path());
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(looks > 0);
  CHECK(free == 0);
  CHECK(names(world.path("")) == std::vector<std::string>{"pipe"});
  ::unlink(world.path().c_str());
}

TEST(whereNothingCanBeExchangedItIsReplaced) {
  World world;
  leaveStaleSocket(world.path());
  const int code = inChild([&] {
    if (!refuseToExchange()) return 1;
    const std::unique_ptr<Loop> loop = makeLoop(world);
    if (!loop->listen(world.listenOptions())) return 2;
    ::_exit(RawPeer::connect(world.listenOptions()) ? 0 : 3);  // as if killed: the socket stays behind
    return 0;
  });
  CHECK(code == 0);
  CHECK(names(world.path("")) == std::vector<std::string>{"pipe"});
  ::unlink(world.path().c_str());
}

TEST_AS_ROOT(anotherUsersStaleSocketIsLeftAlone) {
  World world;
  leaveStaleSocket(world.path());
  CHECK(::chown(world.path().c_str(), 65534, 65534) == 0);
  CHECK(same(refusal(world), "EADDRINUSE"));
  CHECK(exists(world.path()));
}

TEST(oneOfManyWhoTakeOverWins) {
  World world;
  constexpr int kStarters = 8;
  for (int round = 0; round < 25; ++round) {
    const std::string path = world.path();
    if (round % 2) leaveStaleSocket(path);
    int start[2], report[2], stay[2];
    CHECK(::pipe(start) == 0 && ::pipe(report) == 0 && ::pipe(stay) == 0);
    for (int i = 0; i < kStarters; ++i) {
      if (::fork() != 0) continue;
      ::close(start[1]);
      ::close(stay[1]);
      const std::unique_ptr<Loop> loop = makeLoop(world);
      ListenOptions options = world.listenOptions();
      char byte;
      [[maybe_unused]] ssize_t ignored = ::read(start[0], &byte, 1);  // until the others are there
      const char won = loop->listen(options) ? 'w' : 'l';
      ignored = ::write(report[1], &won, 1);
      ignored = ::read(stay[0], &byte, 1);
      ::_exit(0);  // as if killed: the socket stays behind
    }
    ::close(start[0]);
    ::close(start[1]);
    std::string results(kStarters, '?');
    for (char& result : results) CHECK(::read(report[0], &result, 1) == 1);
    CHECK(std::count(results.begin(), results.end(), 'w') == 1);
    CHECK(RawPeer::connect(world.listenOptions()));  // and it is the winner who is reached
    ::close(stay[1]);
    for (const int fd : {report[0], report[1], stay[0]}) ::close(fd);
    while (::wait(nullptr) > 0) {
    }
    CHECK(exists(path));
    ::unlink(path.c_str());
  }
}

}  // namespace framepipe::test
