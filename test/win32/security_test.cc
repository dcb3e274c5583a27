// Descriptors: what is asked for is what the pipe has, and who may connect accordingly.
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "loops/world.h"
#include "win32/access_sddl.h"
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
  return narrow(win32::currentSelf("test").value.owners.front().toString().c_str());
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
  options.access = Access::by(sddl);
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
  options.access = Access::to(Principal::Kind::Authenticated);
  CHECK(isServed(world, options, owner + "(A;;0x12019b;;;AU)"));
  options.path = world.path("everyone");
  options.access = Access::to(Principal::Kind::Everyone);
  CHECK(isServed(world, options, owner + "(A;;0x12019b;;;WD)"));
}

// Wine keeps no labels: so these are looked at before they reach it.
TEST(whatEachPrincipalMeans) {
  using Kind = Principal::Kind;
  const win32::Sid user = *win32::Sid::from("S-1-5-21-7-7-7-1001"), administrators = *win32::Sid::from("S-1-5-32-544");
  const win32::Self self{.owners = {user}, .integrity = SECURITY_MANDATORY_MEDIUM_RID};
  const std::wstring begin = L"O:S-1-5-21-7-7-7-1001D:P(A;;FA;;;S-1-5-21-7-7-7-1001)", client = L"(A;;0x12019b;;;";
  const auto of = [&](const Access& access) { return win32::sddlOf(access, self, "listen"); };
  CHECK(of({}).value == begin && of(Access::to(Kind::Owner)).value == begin);
  const std::pair<Kind, const wchar_t*> kinds[] = {{Kind::Administrators, L"BA"}, {Kind::System, L"SY"},
                                                   {Kind::Services, L"SU"},       {Kind::Interactive, L"IU"},
                                                   {Kind::Authenticated, L"AU"},  {Kind::Everyone, L"WD"}};
  for (const auto& [kind, alias] : kinds) CHECK(of(Access::to(kind)).value == begin + client + alias + L")");
  CHECK(of({.allow = {{.kind = Kind::Sid, .sid = "S-1-5-21-1-2-3-4"}, {.kind = Kind::System}}}).value ==
        begin + client + L"S-1-5-21-1-2-3-4)" + client + L"SY)");
  for (const char* sid : {"", "nonsense", "S-1-5-21-1)(A;;GA;;;WD"})
    CHECK(same(of({.allow = {{.kind = Kind::Sid, .sid = sid}}}).failure, "EINVAL"));

  CHECK(of(Access::to(Kind::AppPackages)).value == begin + client + L"AC)S:(ML;;NRNW;;;LW)");
  CHECK(of({.integrity = Integrity::Medium}).value == begin + L"S:(ML;;NRNW;;;ME)");
  CHECK(same(of({.integrity = Integrity::High}).failure, "EINVAL"));
  CHECK(same(of({.allow = {{.kind = Kind::AppPackages}}, .integrity = Integrity::Medium}).failure, "EINVAL"));

  const win32::Self elevated{.owners = {administrators}, .integrity = SECURITY_MANDATORY_HIGH_RID};
  CHECK(win32::sddlOf({.integrity = Integrity::High}, elevated, "listen").value ==
        L"O:S-1-5-32-544D:P(A;;FA;;;S-1-5-32-544)S:(ML;;NRNW;;;HI)");
}

TEST(whomTheThingsOfAProcessBelongTo) {
  const win32::Sid user = *win32::Sid::from("S-1-5-21-7-7-7-1001"), administrators = *win32::Sid::from("S-1-5-32-544"),
                   system = *win32::Sid::from("S-1-5-18");
  const auto are = [](const std::vector<win32::Sid>& owners, std::initializer_list<const win32::Sid*> expected) {
    return std::equal(owners.begin(), owners.end(), expected.begin(), expected.end(),
                      [](const win32::Sid& is, const win32::Sid* should_be) { return is.equals(should_be->get()); });
  };
  CHECK(are(win32::ownersOf(user, user), {&user}));
  CHECK(are(win32::ownersOf(user, administrators), {&administrators}));
  CHECK(are(win32::ownersOf(system, administrators), {&administrators, &system}));
  CHECK(are(win32::ownersOf(system, system), {&system, &administrators}));
}

TEST(aListThatIsReadBackAndSetAgainStaysTheSame) {
  World world;
  Listener& listener = *world.loop().listener(world.listen());
  CHECK(!listener.setAccess(Access::to(Principal::Kind::Everyone)));
  const std::string open = listener.descriptor().value;
  CHECK(!listener.setAccess(Access::by(open)));
  CHECK(listener.descriptor().value == open);
  CHECK(same(listener.setAccess(Access::by("D:P(A;;GA;;;WD)S:(AU;SA;GA;;;WD)")), "EINVAL"));  // not on a live pipe
  CHECK(listener.descriptor().value == open);
}

TEST(nobodyButTheOwnerCreatesInstances) {
  World world;
  const std::string begin = "O:" + me() + "D:P", end = "(A;;0x4;;;" + me() + ")", own = "(A;;FA;;;" + me() + ")";
  CHECK(isServed(world, withSddl(world, "D:(A;;GA;;;WD)"), begin + "(A;;0x1f01fb;;;WD)" + end));
  CHECK(isServed(world, withSddl(world, "D:P(A;;GRGW;;;WD)"), begin + "(A;;0x12019b;;;WD)" + end));
  CHECK(isServed(world, withSddl(world, "D:P" + own + "(A;;0x12019f;;;BU)"), begin + own + "(A;;0x12019b;;;BU)"));
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
  CHECK(!listener.setAccess(Access::to(Principal::Kind::Everyone)));
  const RawPeer peer = RawPeer::connect(world.listenOptions());
  CHECK(descriptorOf(peer) == written("O:" + me() + "D:P(A;;FA;;;" + me() + ")(A;;0x12019b;;;WD)"));
  world.accept();
  CHECK(!listener.setAccess(Access::by("D:P(D;;GA;;;WD)")));  // nobody any more
  CHECK(same(world.refusal(world.connectOptions()), "EACCES"));
  CHECK(same(listener.setAccess(Access::by("nonsense")), "EINVAL"));
  CHECK(!listener.setAccess({}));  // and back
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
  CHECK(!listener.setAccess(Access::by("D:P(D;;GA;;;WD)")));
  world.connection(client)->destroy({});
  CHECK(world.closes(server));
  CHECK(same(world.refusal(world.connectOptions()), "EACCES"));
}

}  // namespace framepipe::test
