// Becoming a pipe's client: by its token, if it offers enough.
#include "impersonation/identity.h"
#include "harness.h"
#include "win32/client_identity.h"
#include "win32/unique_handle.h"

// Where the linker put the address of what this program imports.
extern "C" void* __imp_SetThreadToken;

namespace framepipe::test {

using win32::UniqueHandle;

namespace {

constexpr DWORD kDynamic = SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION | SECURITY_CONTEXT_TRACKING;

struct Ends {
  explicit Ends(DWORD flags) {
    const std::string path = uniquePath();
    server =
        UniqueHandle(CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, nullptr));
    client = UniqueHandle(openClient(path, GENERIC_READ | GENERIC_WRITE, flags));
  }
  UniqueHandle server, client;
};

// The level of the token that this thread acts with; -1 when it acts as itself.
int levelHere() {
  UniqueHandle token;
  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token.out()))
    return GetLastError() == ERROR_NO_TOKEN ? -1 : -2;
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  DWORD length = 0;
  GetTokenInformation(token.get(), TokenImpersonationLevel, &level, sizeof level, &length);
  return level;
}

BOOL WINAPI refuse(HANDLE*, HANDLE) {
  SetLastError(ERROR_ACCESS_DENIED);
  return FALSE;
}

// Every call of SetThreadToken in this program fails from now on.
void refuseToRevert() {
  DWORD before = 0;
  VirtualProtect(&__imp_SetThreadToken, sizeof(void*), PAGE_READWRITE, &before);
  __imp_SetThreadToken = reinterpret_cast<void*>(refuse);
}

// Runs this program again, to do `what`: its exit code.
DWORD inChild(const char* what) {
  char program[MAX_PATH];
  GetModuleFileNameA(nullptr, program, sizeof program);
  std::string command = std::string("\"") + program + "\" --child " + what;
  STARTUPINFOA start{};
  start.cb = sizeof start;
  PROCESS_INFORMATION process{};
  if (!CreateProcessA(nullptr, command.data(), nullptr, nullptr, FALSE, 0, nullptr, nullptr, &start, &process))
    return 1;
  const UniqueHandle handle(process.hProcess), thread(process.hThread);
  WaitForSingleObject(handle.get(), 10000);
  DWORD code = 1;
  GetExitCodeProcess(handle.get(), &code);
  return code;
}

}  // namespace

// What a process of its own does: it must not come to its end.
int child(const std::string& what) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  if (what == "take") {
    refuseToRevert();
    win32::takeClientIdentity(ends.server.get(), false);
    return 0;
  }
  const auto taken = win32::takeClientIdentity(ends.server.get(), true);
  if (!taken || taken.value->assume()) return 2;
  refuseToRevert();
  taken.value->revert();
  return 0;
}

TEST(anIdentityIsAssumedAndGivenBack) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  const auto taken = win32::takeClientIdentity(ends.server.get(), true);
  if (!check(static_cast<bool>(taken), "taken")) return;
  same(levelHere(), -1, "itself");
  check(!taken.value->assume(), "assumed");
  same(levelHere(), static_cast<int>(SecurityImpersonation), "the client");
  taken.value->revert();
  same(levelHere(), -1, "itself again");
  check(!taken.value->assumeForScript(), "assumed for a script");
  taken.value->revertAfterScript();
  same(levelHere(), -1, "itself after the script");
  const Outcome<User> user = taken.value->user();
  check(user && user.value.sid.starts_with("S-1-5-") && !user.value.name.empty(), "the user");
}

TEST(tooLittleIsTold) {
  for (const DWORD level : {SECURITY_ANONYMOUS, SECURITY_IDENTIFICATION}) {
    const Ends ends(SECURITY_SQOS_PRESENT | level);
    const Failure failure = win32::takeClientIdentity(ends.server.get(), true).failure;
    sameCode(failure, "ERR_PIPE_CANNOT_IMPERSONATE");
    same(failure.os, level == SECURITY_ANONYMOUS ? ERROR_CANT_OPEN_ANONYMOUS : ERROR_BAD_IMPERSONATION_LEVEL, "error");
    check(failure.hint != nullptr, "hint");
    const auto known = win32::takeClientIdentity(ends.server.get(), false);
    same(static_cast<bool>(known), level == SECURITY_IDENTIFICATION, "to be asked for its name");
    if (known) {
      // It may be taken on, but opens no door.
      if (!known.value->assume()) same(levelHere(), static_cast<int>(SecurityIdentification), "level");
      known.value->revert();
    }
    same(levelHere(), -1, "itself");
  }
}

TEST(anIdentityMayComeWithTheFirstBytes) {
  const Ends ends(kDynamic);
  const Failure failure = win32::takeClientIdentity(ends.server.get(), true).failure;
  sameCode(failure, "ERR_PIPE_CANNOT_IMPERSONATE");
  same(failure.os, ERROR_CANNOT_IMPERSONATE, "error");
  check(writeAll(ends.client.get(), "x") && readSome(ends.server.get()) == "x", "a byte");
  check(static_cast<bool>(win32::takeClientIdentity(ends.server.get(), true)), "taken");
}

TEST(whatIsNoPipeHasNoClient) {
  const UniqueHandle event(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  sameCode(win32::takeClientIdentity(event.get(), false).failure, "ERR_PIPE_CANNOT_IMPERSONATE");
  same(levelHere(), -1, "itself");
}

TEST(noHandleIsLeft) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  win32::takeClientIdentity(ends.server.get(), true).value->user();
  const DWORD before = handles();
  for (int i = 0; i < 200; ++i) {
    const auto taken = win32::takeClientIdentity(ends.server.get(), true);
    taken.value->assume();
    taken.value->revert();
  }
  same(handles(), before, "handles");
}

TEST(aThreadThatCannotBecomeItselfEndsTheProcess) {
  for (const char* what : {"revert", "take"}) same(inChild(what), 0xC0000602UL, what);  // STATUS_FAIL_FAST_EXCEPTION
}

}  // namespace framepipe::test

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--child") return framepipe::test::child(argv[2]);
  return framepipe::test::run(argc, argv);
}
