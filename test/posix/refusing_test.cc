// Who is refused, by the kernel or by us, and what a connection attempt comes to.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "loops/world.h"
#include "posix/as_root.h"
#include "posix/child.h"

namespace framepipe::test {

namespace {

constexpr uid_t kStranger = 65534;

int connectsAs(World& world) {
  const RawPeer peer = RawPeer::connect(world.listenOptions());
  return peer && peer.write(framed("let me in")) ? 0 : 1;
}

}  // namespace

TEST(whyThereIsNoConnection) {
  World world;
  ConnectOptions options = world.connectOptions();
  options.path = std::string(108, 'x');
  CHECK(same(world.refusal(options), "ENAMETOOLONG"));
  {
    const RawServer gone(world.path());
  }
  const Failure dead = world.refusal(world.connectOptions());
  CHECK(same(dead, "ECONNREFUSED"));
  CHECK(dead.hint != nullptr && dead.os == ECONNREFUSED);
}

TEST(bothEndsMustUseMessagesOrNeither) {
  World world;
  world.listen();
  CHECK(same(world.refusal(world.connectOptions(FramingKind::Message)), "EPROTOTYPE"));
}

TEST(aFullBacklogIsEAGAIN) {
  World world;
  RawServer server(world.path());
  CHECK(::listen(static_cast<int>(server.handle()), 0) == 0);
  const Id first = world.connect();
  CHECK(same(world.refusal(world.connectOptions()), "EAGAIN"));
  RawPeer session = server.accept();
  const Id second = world.connect();
  session.leave();
  server.accept();
  CHECK(world.closes(first) && world.closes(second));
}

TEST_AS_ROOT(aPipeThatIsNotForUsIsEACCES) {
  World world;
  world.listen();
  CHECK(inChild([&] { return same(world.refusal(world.connectOptions()), "EACCES") ? 0 : 1; }, kStranger) == 0);
}

TEST_AS_ROOT(aStrangersServerIsRefusedBeforeTheFirstByte) {
  World world;
  ::chmod(world.path("").c_str(), 0777);
  int ready[2], checked[2];
  CHECK(::pipe(ready) == 0 && ::pipe(checked) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(kStranger) || ::setuid(kStranger)) ::_exit(1);
    RawServer server(world.path());
    CHECK(::write(ready[1], "r", 1) == 1);
    const bool silent = server.accept().readToEnd().bytes.empty();
    CHECK(::write(checked[1], silent ? "s" : "x", 1) == 1);
    const bool heard = server.accept().readToEnd().bytes == framed("hello");
    ::_exit(heard ? 0 : 1);
  }
  char byte;
  CHECK(::read(ready[0], &byte, 1) == 1);
  ConnectOptions options = world.connectOptions();
  options.server_owners = {{.kind = Principal::Kind::Owner}};
  CHECK(same(world.refusal(options), "ERR_PIPE_UNTRUSTED_SERVER"));
  CHECK(::read(checked[0], &byte, 1) == 1 && byte == 's');
  options.server_owners = {};
  const Id id = world.connect(options);
  CHECK(world.connection(id)->peer().uid == kStranger && world.connection(id)->peer().pid == child);
  CHECK(world.send(id, "hello"));
  world.connection(id)->close();
  CHECK(world.closes(id));
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (const int fd : {ready[0], ready[1], checked[0], checked[1]}) ::close(fd);
}

TEST(thePeerIsKnownWhenItHasLeft) {
  World world;
  world.listen();
  Peer peer;
  world.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::Closed) peer = world.connection(event.id)->peer();
  };
  CHECK(inChild([&] { return RawPeer::connect(world.listenOptions()) ? 0 : 1; }) == 0);
  CHECK(world.until([&] { return peer.pid > 0; }));
  CHECK(peer.uid == ::getuid() && peer.gid == ::getgid() && peer.pid != ::getpid());
}

TEST(withoutDescriptorsItWaitsAndGoesOn) {
  World world;
  const ListenOptions options = world.listenOptions();
  world.listen(options);
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(RawPeer::connect(options));
  const int free = ::dup(0);
  ::close(free);
  const rlimit little{static_cast<rlim_t>(free + 4), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &little);
  CHECK(world.until([&] { return world.accepted.size() == 4; }));
  CHECK(world.rests(200));
  CHECK(world.accepted.size() == 4);
  world.connection(world.accepted[0])->destroy({});
  CHECK(world.until([&] { return world.accepted.size() == 5; }));  // by the connection that closed
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(world.until([&] { return world.accepted.size() == 8; }));  // by itself
}

TEST_AS_ROOT(othersAreTurnedAwayAndAcceptingGoesOn) {
  World world;
  const Id id = world.listen();
  CHECK(inChild([&] { return connectsAs(world) != 0 && errno == EACCES ? 0 : 1; }, kStranger) == 0);
  ::chmod(world.path().c_str(), 0666);  // as if the file system did not care: the kernel's word counts
  CHECK(inChild([&] { return connectsAs(world); }, kStranger) == 0);
  const RawPeer own = RawPeer::connect(world.listenOptions());
  CHECK(world.accept() != 0);
  world.run(20);
  CHECK(world.accepted.size() == 1);
  CHECK(!world.loop().listener(id)->setAccess(Access::to(Principal::Kind::Authenticated)));
  CHECK(inChild([&] { return connectsAs(world); }, kStranger) == 0);
  const Id stranger = world.accept();
  CHECK(world.closes(stranger));
  CHECK(world.story(stranger).frames.size() == 1);
}

}  // namespace framepipe::test
