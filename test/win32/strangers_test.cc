// Another user: as a client, and as one who serves a name that is ours.
#include <windows.h>

#include <sddl.h>

#include "loops/win32/opening.h"
#include "loops/world.h"
#include "win32/somebody_else.h"
#include "win32/unique_handle.h"

namespace framepipe::test {

using win32::UniqueHandle;

namespace {

// A pipe of somebody else's, open to all.
UniqueHandle foreignPipe(const std::string& path) {
  HANDLE pipe = INVALID_HANDLE_VALUE;
  CHECK(asSomebodyElse([&] {
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ConvertStringSecurityDescriptorToSecurityDescriptorA("O:S-1-5-21-111-222-333-4444D:(A;;GA;;;WD)", SDDL_REVISION_1,
                                                         &descriptor, nullptr);
    SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor, FALSE};
    pipe = CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 255, 4096, 4096, 0, &attributes);
    LocalFree(descriptor);
  }));
  CHECK(pipe != INVALID_HANDLE_VALUE);
  return UniqueHandle(pipe);
}

}  // namespace

// Such a descriptor lets Windows refuse us a second instance while the first is there.
TEST(aServerThatMayNotConnectToItselfServesOneAfterTheOther) {
  World world;
  ListenOptions options = world.listenOptions();
  options.access = Access::by("D:P(A;;GRGW;;;S-1-5-21-111-222-333-4444)");
  world.listen(options);
  for (int i = 0; i < 3; ++i) {
    RawPeer peer;
    CHECK(asSomebodyElse([&] {
      for (int n = 0; n < 100 && !peer; ++n)
        if (!(peer = openPipe(options.path))) Sleep(10);
    }));
    if (!CHECK(peer)) return;
    const Id server = world.accept();
    peer.leave();
    CHECK(world.closes(server));
  }
}

TEST(aStrangerIsKeptOutOfWhatIsTheOwners) {
  World world;
  world.listen();
  ListenOptions everyones = world.listenOptions();
  everyones.path = world.path("everyones");
  everyones.access = Access::to(Principal::Kind::Everyone);
  world.listen(everyones);
  CHECK(asSomebodyElse([&] {
    CHECK(!openPipe(world.path()) && GetLastError() == ERROR_ACCESS_DENIED);
    CHECK(openPipe(everyones.path));
    const HANDLE instance =
        CreateNamedPipeA(everyones.path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 255, 0, 0, 0, nullptr);
    CHECK(instance == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED);
  }));
}

TEST(aNameThatSomebodyElseTookFirst) {
  World world;
  ListenOptions options = world.listenOptions();
  const UniqueHandle squatter = foreignPipe(options.path);
  for (const bool exclusive : {true, false}) {
    options.exclusive = exclusive;
    CHECK(same(world.loop().listen(options).failure, "EADDRINUSE"));
  }
}

TEST(aStrangersServerIsRefusedBeforeTheFirstByte) {
  World world;
  ConnectOptions wary = world.connectOptions();
  wary.server_owners = {{.kind = Principal::Kind::Owner}};
  const UniqueHandle server = foreignPipe(wary.path);
  const int before = openHandles();
  CHECK(same(world.refusal(wary), "ERR_PIPE_UNTRUSTED_SERVER"));
  CHECK(openHandles() == before);
  char byte;
  DWORD count = 0;
  CHECK(!ReadFile(server.get(), &byte, 1, &count, nullptr) && GetLastError() == ERROR_BROKEN_PIPE);
}

}  // namespace framepipe::test
