// Who gets a path, and what is in the way of whom.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "loops/world.h"

namespace framepipe::test {

namespace {

mode_t modeOf(const std::string& path) {
  struct stat status{};
  ::lstat(path.c_str(), &status);
  return status.st_mode & 07777;
}

ino_t inodeOf(const std::string& path) {
  struct stat status{};
  ::lstat(path.c_str(), &status);
  return status.st_ino;
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

int boundSocket(const std::string& path, int type) {
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  CHECK(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
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

}  // namespace

TEST(badPathsAreRefusedBeforeAnythingIsCreated) {
  World world;
  ListenOptions options = world.listenOptions();
  options.path = "";
  CHECK(same(refusal(world, options), "EINVAL"));
  options.path = world.path() + std::string("a\0b", 3);
  CHECK(same(refusal(world, options), "EINVAL"));
  options.path = world.path(std::string(200, 'x').c_str());
  CHECK(same(refusal(world, options), "ENAMETOOLONG"));
  options.path = world.path("no/such/folder");
  CHECK(same(refusal(world, options), "ENOENT"));
  options = world.listenOptions();
  options.access = Access::by("D:");
  CHECK(same(refusal(world, options), "ENOTSUP"));
  CHECK(::rmdir(world.path("").c_str()) == 0);  // empty
}

TEST(theLongestPathIs107Bytes) {
  World world;
  const size_t room = 107 - world.path("").size();
  ListenOptions options = world.listenOptions();
  options.path = world.path(std::string(room + 1, 'x').c_str());
  CHECK(same(refusal(world, options), "ENAMETOOLONG"));
  options.path = world.path(std::string(room, 'x').c_str());
  world.listen(options);
  ConnectOptions there = world.connectOptions();
  there.path = options.path;
  CHECK(world.connect(there) != 0);
  CHECK(world.accept() != 0);
}

TEST(theModeIsTheAccessWhateverTheUmask) {
  for (const mode_t umask : {0000, 0022, 0077}) {
    World world;
    const mode_t before = ::umask(umask);
    const Id id = world.listen();
    CHECK(modeOf(world.path()) == 0600);
    CHECK(!world.loop().listener(id)->setAccess(Access::to(Principal::Kind::Everyone)));
    CHECK(modeOf(world.path()) == 0666);
    CHECK(!world.loop().listener(id)->setAccess({}));
    CHECK(modeOf(world.path()) == 0600);
    CHECK(same(world.loop().listener(id)->setAccess(Access::by("D:")), "ENOTSUP"));
    ListenOptions open = world.listenOptions();
    open.path = world.path("open");
    open.access = Access::to(Principal::Kind::Authenticated);
    world.listen(open);
    CHECK(modeOf(open.path) == 0666);
    ::umask(before);
  }
}

TEST(aFailureLeavesNoFileBehind) {
  World world;
  const mode_t umask = ::umask(0022);
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int free = ::dup(0);
  ::close(free);
  const rlimit one{static_cast<rlim_t>(free + 1), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one);
  ListenOptions options = world.listenOptions();
  options.access = Access::to(Principal::Kind::Everyone);
  const Failure failure = refusal(world, options);  // the second descriptor was to widen the mode
  ::setrlimit(RLIMIT_NOFILE, &before);
  ::umask(umask);
  CHECK(same(failure, "EMFILE"));
  CHECK(!exists(world.path()));
  CHECK(world.listen() != 0);
}

TEST(aPlainFileIsNeverRemoved) {
  World world;
  std::ofstream(world.path()) << "precious";
  const Failure failure = refusal(world);
  CHECK(same(failure, "EADDRINUSE"));
  CHECK(failure.hint != nullptr);
  std::string content;
  std::ifstream(world.path()) >> content;
  CHECK(content == "precious");
  CHECK(same(world.refusal(world.connectOptions()), "ENOTSOCK"));
}

TEST(aFolderAndALinkAreNeverRemoved) {
  World world;
  CHECK(::mkdir(world.path("folder").c_str(), 0755) == 0);
  leaveStaleSocket(world.path("stale"));
  CHECK(::symlink(world.path("stale").c_str(), world.path("link").c_str()) == 0);
  for (const char* name : {"folder", "link"}) {
    ListenOptions options = world.listenOptions();
    options.path = world.path(name);
    CHECK(same(refusal(world, options), "EADDRINUSE"));
    CHECK(exists(options.path));
  }
  CHECK(exists(world.path("stale")));
}

TEST(aLiveServerKeepsItsNameAndSeesNoGhost) {
  World world;
  world.listen();
  const ino_t inode = inodeOf(world.path());
  for (int i = 0; i < 3; ++i) CHECK(same(refusal(world), "EADDRINUSE"));
  CHECK(inodeOf(world.path()) == inode);
  world.run(30);
  CHECK(world.accepted.empty());
  CHECK(world.connect(world.connectOptions()) != 0);
  CHECK(world.accept() != 0);
  CHECK(!exists(world.path("pipe.lock")));
}

TEST(aSocketThatDoesNotListenYetIsAlive) {
  World world;
  const int bound = boundSocket(world.path(), SOCK_STREAM);
  CHECK(same(refusal(world), "EADDRINUSE"));
  CHECK(exists(world.path()));
  ::close(bound);
  const int datagrams = boundSocket(world.path("datagrams"), SOCK_DGRAM);
  ListenOptions options = world.listenOptions();
  options.path = world.path("datagrams");
  CHECK(same(refusal(world, options), "EADDRINUSE"));
  ::close(datagrams);
}

TEST(closingRemovesOnlyItsOwnFile) {
  World world;
  const Id id = world.listen();
  CHECK(::unlink(world.path().c_str()) == 0);
  std::ofstream(world.path()) << "somebody else's";
  CHECK(same(world.loop().listener(id)->setAccess(Access::to(Principal::Kind::Everyone)), "ENOENT"));
  CHECK(modeOf(world.path()) != 0666);
  world.loop().listener(id)->close();
  CHECK(exists(world.path()));
  CHECK(world.until([&] { return world.unlistened.size() == 1; }));
  CHECK(world.loop().listener(id) == nullptr);
}

TEST(closingRemovesTheFileAtOnce) {
  World world;
  for (int i = 0; i < 20; ++i) {
    const Id id = world.listen();
    world.loop().listener(id)->close();
    CHECK(!exists(world.path()));
  }
}

TEST(stopRemovesTheFile) {
  World world;
  world.listen();
  world.stop();
  CHECK(!exists(world.path()));
}

}  // namespace framepipe::test
