// Who may connect, who may serve, and as whom one is seen.
#include "harness.h"
#include "win32/current_user.h"
#include "win32/security_descriptor.h"

#include <aclapi.h>
#include <sddl.h>

using namespace framepipe;
using namespace framepipe::test;

namespace {

constexpr SECURITY_INFORMATION kWhole = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;

std::string narrow(const wchar_t* text) {
  std::string bytes;
  while (*text) bytes += static_cast<char>(*text++);
  return bytes;
}

std::string me() {
  return narrow(win32::currentUser("test").value.toString().c_str());
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

ListenOptions withSddl(const std::string& sddl) {
  ListenOptions options = serving(uniquePath());
  options.access = Access::Sddl;
  options.sddl = sddl;
  return options;
}

std::string asServed(Desk& desk, const ListenOptions& options) {
  desk.listen(options);
  const HANDLE pipe = openClient(options.path);
  if (!check(pipe != nullptr, "connect: " + std::to_string(GetLastError()))) return "";
  const std::string sddl = descriptorOf(pipe);
  CloseHandle(pipe);
  desk.accept();
  return sddl;
}

// Runs `body` on a thread that is another user, made up: NtCreateToken, which Wine's administrator may call.
bool asSomebodyElse(const std::function<void()>& body) {
  using NtCreateToken =
      LONG(NTAPI*)(HANDLE*, ACCESS_MASK, void*, TOKEN_TYPE, LUID*, LARGE_INTEGER*, TOKEN_USER*, TOKEN_GROUPS*,
                   TOKEN_PRIVILEGES*, TOKEN_OWNER*, TOKEN_PRIMARY_GROUP*, TOKEN_DEFAULT_DACL*, TOKEN_SOURCE*);
  const auto create = reinterpret_cast<NtCreateToken>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateToken")));
  if (!create) return false;
  PSID user = nullptr, users = nullptr, everyone = nullptr;
  ConvertStringSidToSidW(L"S-1-5-21-111-222-333-4444", &user);
  ConvertStringSidToSidW(L"S-1-5-11", &users);
  ConvertStringSidToSidW(L"S-1-1-0", &everyone);
  struct {
    DWORD count;
    SID_AND_ATTRIBUTES groups[2];
  } groups{2, {{users, SE_GROUP_ENABLED | SE_GROUP_MANDATORY}, {everyone, SE_GROUP_ENABLED | SE_GROUP_MANDATORY}}};
  struct {
    ULONG length;
    HANDLE root;
    void* name;
    ULONG attributes;
    void* descriptor;
    SECURITY_QUALITY_OF_SERVICE* quality;
  } attributes{};
  SECURITY_QUALITY_OF_SERVICE quality{sizeof quality, SecurityImpersonation, FALSE, FALSE};
  attributes.length = sizeof attributes;
  attributes.quality = &quality;
  LUID system{0x3e7, 0};
  LARGE_INTEGER never;
  never.QuadPart = INT64_MAX;
  TOKEN_USER token_user{{user, 0}};
  TOKEN_PRIVILEGES privileges{};
  TOKEN_OWNER owner{user};
  TOKEN_PRIMARY_GROUP primary{users};
  TOKEN_DEFAULT_DACL dacl{nullptr};
  TOKEN_SOURCE source{{'t', 'e', 's', 't', 0, 0, 0, 0}, {1, 0}};
  HANDLE token = nullptr;
  const LONG status = create(&token, TOKEN_ALL_ACCESS, &attributes, TokenImpersonation, &system, &never, &token_user,
                             reinterpret_cast<TOKEN_GROUPS*>(&groups), &privileges, &owner, &primary, &dacl, &source);
  bool ran = false;
  if (status == 0 && SetThreadToken(nullptr, token)) {
    ran = true;
    body();
    RevertToSelf();
  }
  if (token) CloseHandle(token);
  for (PSID sid : {user, users, everyone}) LocalFree(sid);
  return ran;
}

}  // namespace

TEST(the_descriptors_of_access) {
  Desk desk;
  const std::string owner = "O:" + me() + "D:P(A;;FA;;;" + me() + ")";
  ListenOptions options = serving(uniquePath());
  same(asServed(desk, options), written(owner), "owner");
  options.path = uniquePath();
  options.access = Access::Authenticated;
  same(asServed(desk, options), written(owner + "(A;;0x12019b;;;AU)"), "authenticated");
  options.path = uniquePath();
  options.access = Access::Everyone;
  same(asServed(desk, options), written(owner + "(A;;0x12019b;;;WD)"), "everyone");
}

TEST(nobody_but_the_owner_creates_instances) {
  Desk desk;
  const std::string tail = "(A;;0x4;;;" + me() + ")";
  same(asServed(desk, withSddl("D:(A;;GA;;;WD)")), written("O:" + me() + "D:P(A;;0x1f01fb;;;WD)" + tail),
       "generic all");
  same(asServed(desk, withSddl("D:P(A;;GRGW;;;WD)")), written("O:" + me() + "D:P(A;;0x12019b;;;WD)" + tail),
       "generic write");
  same(asServed(desk, withSddl("D:P(A;;FA;;;" + me() + ")(A;;0x12019f;;;BU)")),
       written("O:" + me() + "D:P(A;;0x1f01fb;;;" + me() + ")(A;;0x12019b;;;BU)" + tail), "spelled out");
}

TEST(a_descriptor_that_is_none) {
  Desk desk;
  for (const char* sddl : {"", "nonsense", "D:P(A;;GA;;;", "O:BAG:BA", "D:P(A;;GA;;;WD)\xff"}) {
    const ListenOptions options = withSddl(sddl);
    const Failure failure = desk.loop().listen(options).failure;
    if (!sameCode(failure, "EINVAL")) std::printf("  %s\n", sddl);
    check(failure.hint != nullptr, "with a hint");
    sameCode(desk.loop().connect(connecting(options.path), 1).failure, "ENOENT");
  }
}

TEST(denied) {
  Desk desk;
  for (const char* sddl : {"D:P(D;;GA;;;WD)", "D:P", "D:P(A;;GR;;;WD)", "D:P(A;;GRGW;;;S-1-5-21-1-2-3-4)"}) {
    const ListenOptions options = withSddl(sddl);
    const Id listener = desk.listen(options);
    const Failure failure = desk.loop().connect(connecting(options.path), 1).failure;
    if (!sameCode(failure, "EACCES")) std::printf("  %s\n", sddl);
    check(failure.hint != nullptr, "with a hint");
    desk.loop().listener(listener)->close();
  }
}

// Such a descriptor lets Windows refuse us a second instance while the first is there.
TEST(a_server_that_may_not_connect_to_itself_serves_one_after_the_other) {
  Desk desk;
  const ListenOptions options = withSddl("D:P(A;;GRGW;;;S-1-5-21-111-222-333-4444)");
  desk.listen(options);
  for (int i = 0; i < 3; ++i) {
    HANDLE pipe = nullptr;
    const bool ran = asSomebodyElse([&] {
      for (int n = 0; n < 100 && !(pipe = openClient(options.path)); ++n) Sleep(10);
    });
    if (!check(ran && pipe, "somebody else connects: " + std::to_string(GetLastError()))) return;
    const Id server = desk.accept();
    CloseHandle(pipe);
    check(desk.closes(server), "and leaves");
  }
}

TEST(changing_who_may_connect) {
  Desk desk;
  const ListenOptions options = serving(uniquePath());
  Listener& listener = *desk.loop().listener(desk.listen(options));
  check(!listener.setAccess(Access::Everyone, ""), "setAccess");
  HANDLE pipe = openClient(options.path);
  same(descriptorOf(pipe), written("O:" + me() + "D:P(A;;FA;;;" + me() + ")(A;;0x12019b;;;WD)"), "at once");
  CloseHandle(pipe);
  desk.accept();
  check(!listener.setAccess(Access::Sddl, "D:P(D;;GA;;;WD)"), "nobody any more");
  sameCode(desk.loop().connect(connecting(options.path), 1).failure, "EACCES");
  sameCode(listener.setAccess(Access::Sddl, "nonsense"), "EINVAL");
  check(!listener.setAccess(Access::Owner, ""), "and back");
  for (int i = 0; i < 10; ++i) {
    desk.connect(connecting(options.path));
    desk.accept();
  }
}

TEST(changing_it_while_no_instance_waits) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  options.max_instances = 1;
  Listener& listener = *desk.loop().listener(desk.listen(options));
  const Id client = desk.connect(connecting(options.path));
  const Id server = desk.accept();
  check(!listener.setAccess(Access::Sddl, "D:P(D;;GA;;;WD)"), "setAccess");
  desk.at(client).destroy({});
  check(desk.closes(server), "the place becomes free");
  sameCode(desk.loop().connect(connecting(options.path), 1).failure, "EACCES");
}

TEST(somebody_else) {
  Desk desk;
  const ListenOptions mine = serving(uniquePath());
  desk.listen(mine);
  ListenOptions everyones = serving(uniquePath());
  everyones.access = Access::Everyone;
  desk.listen(everyones);
  const bool ran = asSomebodyElse([&] {
    check(!openClient(mine.path) && GetLastError() == ERROR_ACCESS_DENIED, "is kept out of the owner's pipe");
    const HANDLE pipe = openClient(everyones.path);
    check(pipe != nullptr, "is let into everyone's: " + std::to_string(GetLastError()));
    CloseHandle(pipe);
    const HANDLE instance =
        CreateNamedPipeA(everyones.path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 255, 0, 0, 0, nullptr);
    check(instance == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED, "creates no instance of it");
  });
  check(ran, "another user can be made up");
}

// A pipe of somebody else's, open to all.
HANDLE foreignPipe(const std::string& path) {
  HANDLE pipe = nullptr;
  const bool ran = asSomebodyElse([&] {
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ConvertStringSecurityDescriptorToSecurityDescriptorA("O:S-1-5-21-111-222-333-4444D:(A;;GA;;;WD)", SDDL_REVISION_1,
                                                         &descriptor, nullptr);
    SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor, FALSE};
    pipe = CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 255, 4096, 4096, 0, &attributes);
    check(pipe != INVALID_HANDLE_VALUE, "somebody else serves: " + std::to_string(GetLastError()));
    LocalFree(descriptor);
  });
  check(ran, "another user can be made up");
  return pipe;
}

TEST(a_name_that_somebody_else_took_first) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  const HANDLE squatter = foreignPipe(options.path);
  for (const bool exclusive : {true, false}) {
    options.exclusive = exclusive;
    sameCode(desk.loop().listen(options).failure, "EADDRINUSE");
  }
  CloseHandle(squatter);
}

TEST(a_server_that_is_not_ours) {
  Desk desk;
  ConnectOptions wary = connecting(uniquePath());
  wary.own_server_only = true;
  const HANDLE server = foreignPipe(wary.path);
  const DWORD before = handles();
  sameCode(desk.loop().connect(wary, 1).failure, "ERR_PIPE_UNTRUSTED_SERVER");
  same(handles(), before, "nothing is left open");
  char byte;
  DWORD count = 0;
  check(!ReadFile(server, &byte, 1, &count, nullptr) && GetLastError() == ERROR_BROKEN_PIPE, "nothing was sent");
  CloseHandle(server);
}

TEST(a_server_that_is_ours) {
  Desk desk;
  const ListenOptions options = serving(uniquePath());
  desk.listen(options);
  ConnectOptions wary = connecting(options.path);
  wary.own_server_only = true;
  desk.connect(wary);
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
