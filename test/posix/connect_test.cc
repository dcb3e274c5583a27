// Connecting: at once, or with the reason why not.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness.h"

namespace framepipe::test {

namespace {
Failure refusal(World& world) {
  return world.loop().connect(world.connectOptions(), 1).failure;
}
}  // namespace

TEST(whyThereIsNoConnection) {
  World world;
  CHECK(same(refusal(world), "ENOENT"));
  ConnectOptions options = world.connectOptions();
  options.path = "";
  CHECK(same(world.loop().connect(options, 1).failure, "EINVAL"));
  options.path = std::string(108, 'x');
  CHECK(same(world.loop().connect(options, 1).failure, "ENAMETOOLONG"));
  ::close(rawListen(world.path()));
  const Failure dead = refusal(world);
  CHECK(same(dead, "ECONNREFUSED"));
  CHECK(dead.hint != nullptr && dead.os == ECONNREFUSED);
}

TEST(bothEndsMustUseMessagesOrNeither) {
  World world;
  world.listen();
  CHECK(same(world.loop().connect(world.connectOptions(FramingKind::Message), 1).failure, "EPROTOTYPE"));
}

TEST(aFullBacklogIsEAGAIN) {
  World world;
  const int server = rawListen(world.path(), 0);
  const Id first = world.connect(world.connectOptions());
  CHECK(same(refusal(world), "EAGAIN"));
  const int session = ::accept(server, nullptr, nullptr);
  const Id second = world.connect(world.connectOptions());
  ::close(session);
  ::close(server);
  CHECK(world.until([&] { return world.story(first).closed && world.story(second).closed; }));
}

TEST(aPipeThatIsNotForUsIsEACCES) {
  if (::geteuid() != 0) return;
  World world;
  world.listen();
  CHECK(inChild([&] { return same(refusal(world), "EACCES") ? 0 : 1; }, 65534) == 0);
}

TEST(aStrangersServerIsRefusedBeforeTheFirstByte) {
  if (::geteuid() != 0) return;
  World world;
  ::chmod(world.path("").c_str(), 0777);
  int ready[2], checked[2];
  CHECK(::pipe(ready) == 0 && ::pipe(checked) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) || ::setuid(65534)) ::_exit(1);
    const int server = rawListen(world.path());
    CHECK(::write(ready[1], "r", 1) == 1);
    const bool silent = readAll(::accept(server, nullptr, nullptr)).empty();
    CHECK(::write(checked[1], silent ? "s" : "x", 1) == 1);
    CHECK(readAll(::accept(server, nullptr, nullptr)) == framed("hello"));
    ::_exit(0);
  }
  char byte;
  CHECK(::read(ready[0], &byte, 1) == 1);
  ConnectOptions options = world.connectOptions();
  options.own_server_only = true;
  CHECK(same(world.loop().connect(options, 1).failure, "ERR_PIPE_UNTRUSTED_SERVER"));
  CHECK(::read(checked[0], &byte, 1) == 1 && byte == 's');
  options.own_server_only = false;
  const Id id = world.connect(options);
  CHECK(world.connection(id)->peer().uid == 65534 && world.connection(id)->peer().pid == child);
  CHECK(world.send(id, "hello"));
  world.connection(id)->close();
  CHECK(world.until([&] { return world.story(id).closed; }));
  for (const int fd : {ready[0], ready[1], checked[0], checked[1]}) ::close(fd);
}

TEST(ownServersAreTrusted) {
  World world;
  world.listen();
  ConnectOptions options = world.connectOptions();
  options.own_server_only = true;
  CHECK(world.connect(options) != 0);
}

TEST(connectSendAndLeaveAtOnce) {
  World world;
  world.listen();
  const Id client = world.connect(world.connectOptions());
  CHECK(world.send(client, "brief", false));
  world.connection(client)->close();
  const Id server = world.accept();
  CHECK(world.until([&] { return world.story(server).closed && world.story(client).closed; }));
  CHECK(world.story(server).frames == std::vector<std::string>{"brief"});
  CHECK(!world.story(server).close_failure && !world.story(client).close_failure);
}

}  // namespace framepipe::test
