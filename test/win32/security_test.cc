// Descriptors: what is asked for is what the pipe has, and who may connect accordingly.
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <cstdio>

#include "loops/world.h"
#include "win32/current_user.h"
#include "win32/security_descriptor.h"

namespace framepipe::test {

namespace {

constexpr SECURITY_INFORMATION kWhole = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;

std::string narrow(const wchar_t* text) {
  std::string bytes;
  while (*text) bytes += static_cast<char>(*text++);
  return bytes;
}

std::string me() {
  return narrow(win32::currentOwners("test").value.front().toString().c_str());
}

// The descriptor of a live pipe, as a client finds it.
std::string descriptorOf(HANDLE pipe) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, kWhole, nullptr, nullptr, nullptr, nullptr, &descriptor) != ERROR_SUCCESS)
    return "none";
  wchar_t* text = nullptr;
  ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, kWhole, &text, nullptr);
  const std::string sddl = text ? narrow(text) : "none";
  LocalFree(text);
  LocalFree(descriptor);
  return sddl;
}

// SDDL as Windows writes it: names for well-known users and rights.
std::string written(const std::string& sddl) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl.c_str(), SDDL_REVISION_1, &descriptor, nullptr))
    return "bad";
  wchar_t* text = nullptr;
  ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, kWhole, &text, nullptr);
  const std::string result = narrow(text);
  LocalFree(text);
  LocalFree(descriptor);
  return result;
}

ListenOptions withSddl(World& world, const std::string& sddl) {
  static int last = 0;
  ListenOptions options = world.listenOptions();
  options.path = world.path(std::to_string(++last).c_str());
  options.access = Access::Sddl;
  options.sddl = sddl;
  return options;
}

ConnectOptions to(const ListenOptions& served) {
  ConnectOptions options;
  options.path = served.path;
  return options;
}

std::string descriptorOf(const RawPeer& peer) {
  return descriptorOf(reinterpret_cast<HANDLE>(peer.handle()));
}

bool isServed(World& world, const ListenOptions& options, const std::string& sddl) {
  RawPeer peer;
  world.acceptRaw(peer, options);
  const std::string is = descriptorOf(peer), should_be = written(sddl);
  if (is != should_be) std::printf("  %s is not %s\n", is.c_str(), should_be.c_str());
  return is == should_be;
}

}  // namespace

TEST(theDescriptorsOfAccess) {
  World world;
  const std::string owner = "O:" + me() + "D:P(A;;FA;;;" + me() + ")";
  ListenOptions options = world.listenOptions();
  CHECK(isServed(world, options, owner));
  options.path = world.path("authenticated");
  options.access = Access::Authenticated;
  CHECK(isServed(world, options, owner + "(A;;0x12019b;;;AU)"));
  options.path = world.path("everyone");
  options.access = Access::Everyone;
  CHECK(isServed(world, options, owner + "(A;;0x12019b;;;WD)"));
}

TEST(nobodyButTheOwnerCreatesInstances) {
  World world;
  const std::string begin = "O:" + me() + "D:P", end = "(A;;0x4;;;" + me() + ")", own = "(A;;FA;;;" + me() + ")";
  CHECK(isServed(world, withSddl(world, "D:(A;;GA;;;WD)"), begin + "(A;;0x1f01fb;;;WD)" + end));
  CHECK(isServed(world, withSddl(world, "D:P(A;;GRGW;;;WD)"), begin + "(A;;0x12019b;;;WD)" + end));
  CHECK(isServed(world, withSddl(world, "D:P" + own + "(A;;0x12019f;;;BU)"),
                 begin + "(A;;0x1f01fb;;;" + me() + ")(A;;0x12019b;;;BU)" + end));
}

TEST(aDescriptorThatIsNone) {
  World world;
  for (const char* sddl : {"", "nonsense", "D:P(A;;GA;;;", "O:BAG:BA", "D:P(A;;GA;;;WD)\xff"}) {
    const ListenOptions options = withSddl(world, sddl);
    const Failure failure = world.loop().listen(options).failure;
    if (!CHECK(same(failure, "EINVAL") && failure.hint)) std::printf("  %s\n", sddl);
    CHECK(same(world.refusal(to(options)), "ENOENT"));
  }
}

TEST(whoIsDenied) {
  World world;
  for (const char* sddl : {"D:P(D;;GA;;;WD)", "D:P", "D:P(A;;GR;;;WD)", "D:P(A;;GRGW;;;S-1-5-21-1-2-3-4)"}) {
    const ListenOptions options = withSddl(world, sddl);
    const Id listener = world.listen(options);
    const Failure failure = world.refusal(to(options));
    if (!CHECK(same(failure, "EACCES") && failure.hint)) std::printf("  %s\n", sddl);
    world.loop().listener(listener)->close();
  }
}

TEST(changingWhoMayConnect) {
  World world;
  Listener& listener = *world.loop().listener(world.listen());
  CHECK(!listener.setAccess(Access::Everyone, ""));
  const RawPeer peer = RawPeer::connect(world.listenOptions());
  CHECK(descriptorOf(peer) == written("O:" + me() + "D:P(A;;FA;;;" + me() + ")(A;;0x12019b;;;WD)"));
  world.accept();
  CHECK(!listener.setAccess(Access::Sddl, "D:P(D;;GA;;;WD)"));  // nobody any more
  CHECK(same(world.refusal(world.connectOptions()), "EACCES"));
  CHECK(same(listener.setAccess(Access::Sddl, "nonsense"), "EINVAL"));
  CHECK(!listener.setAccess(Access::Owner, ""));  // and back
  for (int i = 0; i < 10; ++i) {
    world.connect();
    world.accept();
  }
}

TEST(changingItWhileNoInstanceWaits) {
  World world;
  ListenOptions options = world.listenOptions();
  options.max_instances = 1;
  Listener& listener = *world.loop().listener(world.listen(options));
  const Id client = world.connect();
  const Id server = world.accept();
  CHECK(!listener.setAccess(Access::Sddl, "D:P(D;;GA;;;WD)"));
  world.connection(client)->destroy({});
  CHECK(world.closes(server));
  CHECK(same(world.refusal(world.connectOptions()), "EACCES"));
}

}  // namespace framepipe::test
