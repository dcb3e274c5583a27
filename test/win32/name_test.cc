// The name of a pipe: its server's from the beginning to the end, also while there is no instance for anybody.
#include <windows.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "loops/win32/opening.h"
#include "loops/world.h"
#include "win32/placeholder.h"
#include "win32/unique_handle.h"

namespace framepipe::test {

using win32::Placeholder;
using win32::SecurityDescriptor;
using win32::UniqueHandle;

namespace {

std::wstring wide(const std::string& path) {
  return {path.begin(), path.end()};
}

SecurityDescriptor owners() {
  return SecurityDescriptor::of({}, "test").value;
}

// Somebody else's instance: GetLastError().
DWORD makeInstance(const std::string& path, DWORD flags, UniqueHandle& pipe, DWORD limit = PIPE_UNLIMITED_INSTANCES) {
  const SecurityDescriptor descriptor = owners();
  SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor.get(), FALSE};
  pipe = UniqueHandle(
      CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX | flags, PIPE_TYPE_BYTE, limit, 4096, 4096, 0, &attributes));
  return pipe ? ERROR_SUCCESS : GetLastError();
}

DWORD attempt(const std::string& path) {
  const RawPeer peer = openPipe(path);
  return peer ? ERROR_SUCCESS : GetLastError();
}

// How many instances there are, as a client sees it.
DWORD instances(const RawPeer& client) {
  DWORD count = 0;
  CHECK(GetNamedPipeHandleStateA(reinterpret_cast<HANDLE>(client.handle()), nullptr, &count, nullptr, nullptr, nullptr,
                                 0));
  return count;
}

}  // namespace

// What all of this rests on.
TEST(anInstanceThatMayNeitherReadNorWriteAdmitsNobody) {
  World world;
  const ListenOptions options = world.listenOptions();
  const std::wstring path = wide(options.path);
  Placeholder placeholder;
  CHECK(placeholder.take(path, options, owners()) == ERROR_SUCCESS);
  for (int i = 0; i < 20; ++i) CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
  CHECK(!WaitNamedPipeA(options.path.c_str(), 20) && GetLastError() == ERROR_SEM_TIMEOUT);
  CHECK(Placeholder().take(path, options, owners()) == ERROR_ACCESS_DENIED);
  UniqueHandle other;
  CHECK(makeInstance(options.path, FILE_FLAG_FIRST_PIPE_INSTANCE, other) == ERROR_ACCESS_DENIED);
  CHECK(makeInstance(options.path, 0, other) == ERROR_SUCCESS);  // clients go there, and only there
  CHECK(attempt(options.path) == ERROR_SUCCESS);
  CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
  other.reset();
  CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
  placeholder.letGo();
  CHECK(attempt(options.path) == ERROR_FILE_NOT_FOUND);
  CHECK(Placeholder().join(path, options, owners()) == ERROR_FILE_NOT_FOUND);  // it makes no pipe
}

TEST(theNameIsNeverFreeWhileClientsComeAndGo) {
  for (const uint32_t limit : {1, 2, 0}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.max_instances = limit;
    options.pending_instances = 1;
    options.backlog = 1000;  // nobody takes them
    const Id listener = world.listen(options);
    world.on_event = [&](const Event& event) {
      if (event.kind == Event::Kind::Accepted) world.connection(event.other)->destroy({});
    };
    std::atomic<bool> over{false};
    std::atomic<int> absent{0}, taken{0};
    std::thread clients([&] {
      while (!over) {
        const DWORD error = attempt(options.path);
        if (error != ERROR_SUCCESS && error != ERROR_PIPE_BUSY) ++absent;
      }
    });
    std::thread squatter([&] {
      UniqueHandle pipe;
      while (!over)
        if (makeInstance(options.path, FILE_FLAG_FIRST_PIPE_INSTANCE, pipe) == ERROR_SUCCESS) ++taken;
    });
    CHECK(world.until([&] { return world.accepted.size() >= 300; }, 60));
    over = true;
    clients.join();
    squatter.join();
    if (!CHECK(absent == 0 && taken == 0)) std::printf("  %d clients found no pipe\n", absent.load());
    CHECK(!world.loop().listener(listener)->lastFailure());
  }
}

TEST(asManyClientsAsMaxInstancesSays) {
  for (const uint32_t limit : {1, 2, 3, 253, 254}) {
    World world;
    ListenOptions options = world.listenOptions();
    options.max_instances = limit;
    options.backlog = limit + 1;  // nobody takes them
    const Id listener = world.listen(options);
    std::vector<RawPeer> clients;
    for (uint32_t i = 0; i < limit; ++i) CHECK(clients.emplace_back(RawPeer::connect(options)));
    CHECK(world.until([&] { return world.accepted.size() == limit; }));
    CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
    CHECK(instances(clients.front()) == limit + 1);
    clients.front().leave();
    clients.front() = RawPeer::connect(options);
    CHECK(clients.front());
    CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
    CHECK(!world.loop().listener(listener)->lastFailure());
  }
}

TEST(thePlaceholderIsOfTheSameKindAsTheInstances) {
  for (const Direction direction : {Direction::Duplex, Direction::In, Direction::Out})
    for (const FramingKind kind : {FramingKind::LengthPrefix, FramingKind::Message})
      for (const bool remote : {false, true}) {
        World world;
        ListenOptions options = world.listenOptions(kind);
        options.direction = direction;
        options.allow_remote = remote;
        const Id listener = world.listen(options);
        for (size_t i = 0; i < 6; ++i) CHECK(RawPeer::connect(options));
        CHECK(world.until([&] { return world.accepted.size() == 6; }));
        CHECK(!world.loop().listener(listener)->lastFailure());
      }
}

TEST(theNameIsLetGoWhenListeningEnds) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 1;
  for (size_t i = 0; i < 50; ++i) {
    world.loop().listener(world.listen(options))->close();
    CHECK(world.until([&] { return world.unlistened.size() == i + 1; }));
    CHECK(attempt(options.path) == ERROR_FILE_NOT_FOUND);
  }
}

TEST(aNameThatIsTakenIsLeftAlone) {
  World world;
  ListenOptions options = world.listenOptions();
  UniqueHandle theirs;
  for (const DWORD limit : {1, 255}) {
    CHECK(makeInstance(options.path, 0, theirs, limit) == ERROR_SUCCESS);
    CHECK(same(world.loop().listen(options).failure, "EADDRINUSE"));
    theirs.reset();
    CHECK(attempt(options.path) == ERROR_FILE_NOT_FOUND);
  }
}

// While a descriptor keeps us from making instances beside others, nothing holds the name between two of them.
TEST(theNameIsHeldAgainOnceItsDescriptorLetsUs) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 1;
  Listener& listener = *world.loop().listener(world.listen(options));
  RawPeer client = RawPeer::connect(options);
  const Id server = world.accept();
  CHECK(instances(client) == 2);
  CHECK(!listener.setAccess(Access::by("D:P(D;;GA;;;WD)")));
  client.leave();
  CHECK(world.closes(server));
  CHECK(attempt(options.path) == ERROR_ACCESS_DENIED);
  CHECK(!listener.setAccess({}));
  client = RawPeer::connect(options);
  CHECK(client && instances(client) == 2);
}

TEST(serversThatShareANameHaveALimitEach) {
  World world, other;
  ListenOptions options = world.listenOptions();
  options.exclusive = false;
  options.max_instances = 2;
  const Id first = world.listen(options), second = other.listen(options);
  std::vector<RawPeer> clients;
  for (int i = 0; i < 4; ++i) CHECK(clients.emplace_back(RawPeer::connect(options)));
  CHECK(world.until([&] { return world.accepted.size() == 2; }));
  CHECK(other.until([&] { return other.accepted.size() == 2; }));
  CHECK(attempt(options.path) == ERROR_PIPE_BUSY);
  CHECK(instances(clients.front()) == 2 * (2 + 1));
  CHECK(!world.loop().listener(first)->lastFailure() && !other.loop().listener(second)->lastFailure());
  world.loop().listener(first)->close();
  for (const Id id : world.accepted) world.connection(id)->destroy({});
  CHECK(world.until([&] { return world.unlistened.size() == 1; }));
  CHECK(attempt(options.path) == ERROR_PIPE_BUSY);  // it is the other one's name
}

TEST(serversThatShareANameHaveAPipeOfOneKind) {
  World world;
  ListenOptions options = world.listenOptions();
  options.exclusive = false;
  world.listen(options);
  ListenOptions others = world.listenOptions(FramingKind::Message);
  others.exclusive = false;
  CHECK(same(world.loop().listen(others).failure, "EADDRINUSE"));
  options.direction = Direction::In;
  CHECK(same(world.loop().listen(options).failure, "EADDRINUSE"));
}

// Somebody else of this user has made the pipe, and said how many instances it may have.
TEST(aServerSaysWhyItMakesNoMoreInstances) {
  World world;
  ListenOptions options = world.listenOptions();
  options.exclusive = false;
  options.pending_instances = 1;
  UniqueHandle theirs;
  CHECK(makeInstance(options.path, 0, theirs, /*limit=*/3) == ERROR_SUCCESS);  // the placeholder is the second
  Listener& listener = *world.loop().listener(world.listen(options));
  CHECK(!listener.lastFailure());
  const RawPeer clients[] = {RawPeer::connect(options), RawPeer::connect(options)};
  CHECK(world.accept() != 0);
  CHECK(same(listener.lastFailure(), "EAGAIN"));
}

}  // namespace framepipe::test
