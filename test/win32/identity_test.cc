// Becoming a pipe's client: by its token, if it offers enough.
#include "impersonation/identity.h"

#include <windows.h>

#include "loops/win32/opening.h"
#include "loops/world.h"
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
    const std::string path = names.path("pipe");
    server =
        UniqueHandle(CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, nullptr));
    client = openPipe(path, GENERIC_READ | GENERIC_WRITE, flags);
  }
  const Names names;
  UniqueHandle server;
  RawPeer client;
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

constexpr char kTask[] = "FRAMEPIPE_TEST_TASK";

// What this program was run again for; empty in the one that runs all tests.
std::string ownTask() {
  char task[16] = "";
  return std::string(task, GetEnvironmentVariableA(kTask, task, sizeof task));
}

// Runs this program again, for one test that finds its `task`: its exit code.
DWORD inChild(const char* test, const char* task) {
  char program[MAX_PATH];
  GetModuleFileNameA(nullptr, program, sizeof program);
  std::string command = std::string("\"") + program + "\" " + test;
  STARTUPINFOA start{};
  start.cb = sizeof start;
  PROCESS_INFORMATION process{};
  SetEnvironmentVariableA(kTask, task);
  const BOOL started =
      CreateProcessA(nullptr, command.data(), nullptr, nullptr, FALSE, 0, nullptr, nullptr, &start, &process);
  SetEnvironmentVariableA(kTask, nullptr);
  if (!CHECK(started)) return 1;
  const UniqueHandle handle(process.hProcess), thread(process.hThread);
  WaitForSingleObject(handle.get(), kPatience);
  DWORD code = 1;
  GetExitCodeProcess(handle.get(), &code);
  return code;
}

// Must not come to its end.
void fail(const std::string& task) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  const auto taken = win32::takeClientIdentity(ends.server.get(), true);
  if (task == "revert" && (!taken || taken.value->assume())) return;
  refuseToRevert();
  if (task == "revert") taken.value->revert();
  if (task == "take") win32::takeClientIdentity(ends.server.get(), false);
}

}  // namespace

TEST(anIdentityIsAssumedAndGivenBack) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  const auto taken = win32::takeClientIdentity(ends.server.get(), true);
  if (!CHECK(static_cast<bool>(taken))) return;
  CHECK(levelHere() == -1);
  CHECK(!taken.value->assume());
  CHECK(levelHere() == static_cast<int>(SecurityImpersonation));
  taken.value->revert();
  CHECK(levelHere() == -1);
  CHECK(!taken.value->assumeForScript());
  taken.value->revertAfterScript();
  CHECK(levelHere() == -1);
  const Outcome<User> user = taken.value->user();
  CHECK(user && user.value.sid.starts_with("S-1-5-") && !user.value.name.empty());
}

TEST(tooLittleIsTold) {
  for (const DWORD level : {SECURITY_ANONYMOUS, SECURITY_IDENTIFICATION}) {
    const Ends ends(SECURITY_SQOS_PRESENT | level);
    const Failure failure = win32::takeClientIdentity(ends.server.get(), true).failure;
    CHECK(same(failure, "ERR_PIPE_CANNOT_IMPERSONATE"));
    CHECK(failure.os == (level == SECURITY_ANONYMOUS ? ERROR_CANT_OPEN_ANONYMOUS : ERROR_BAD_IMPERSONATION_LEVEL));
    CHECK(failure.hint != nullptr);
    const auto known = win32::takeClientIdentity(ends.server.get(), false);
    CHECK(static_cast<bool>(known) == (level == SECURITY_IDENTIFICATION));  // to be asked for its name
    if (known) {
      // It may be taken on, but opens no door.
      if (!known.value->assume()) CHECK(levelHere() == static_cast<int>(SecurityIdentification));
      known.value->revert();
    }
    CHECK(levelHere() == -1);
  }
}

TEST(anIdentityMayComeWithTheFirstBytes) {
  const Ends ends(kDynamic);
  const Failure failure = win32::takeClientIdentity(ends.server.get(), true).failure;
  CHECK(same(failure, "ERR_PIPE_CANNOT_IMPERSONATE"));
  CHECK(failure.os == ERROR_CANNOT_IMPERSONATE);
  CHECK(ends.client.write("x"));
  char byte = 0;
  DWORD count = 0;
  CHECK(ReadFile(ends.server.get(), &byte, 1, &count, nullptr) && byte == 'x');
  CHECK(static_cast<bool>(win32::takeClientIdentity(ends.server.get(), true)));
}

TEST(whatIsNoPipeHasNoClient) {
  const UniqueHandle event(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  CHECK(same(win32::takeClientIdentity(event.get(), false).failure, "ERR_PIPE_CANNOT_IMPERSONATE"));
  CHECK(levelHere() == -1);
}

TEST(noHandleIsLeft) {
  const Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  win32::takeClientIdentity(ends.server.get(), true).value->user();
  const int before = openHandles();
  for (int i = 0; i < 200; ++i) {
    const auto taken = win32::takeClientIdentity(ends.server.get(), true);
    taken.value->assume();
    taken.value->revert();
    win32::keepClient(ends.server.get())->identity(true);
  }
  CHECK(openHandles() == before);
}

// A client's identity may be taken on JavaScript's thread, within runAsClient() of another one.
TEST(whoeverAThreadActsAsItDoesAfterwards) {
  const Ends first(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  const Ends second(SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  const auto taken = win32::takeClientIdentity(first.server.get(), true);
  if (!CHECK(taken && !taken.value->assume())) return;
  const auto kept = win32::keepClient(second.server.get());
  CHECK(levelHere() == static_cast<int>(SecurityImpersonation));
  CHECK(!win32::clientSid(second.server.get()).empty());
  CHECK(levelHere() == static_cast<int>(SecurityImpersonation));
  taken.value->revert();
  CHECK(levelHere() == -1);
  CHECK(static_cast<bool>(kept->identity(false)));
  CHECK(same(kept->identity(true).failure, "ERR_PIPE_CANNOT_IMPERSONATE"));
}

TEST(aClientIsKeptWhenItsPipeIsGone) {
  Ends ends(SECURITY_SQOS_PRESENT | SECURITY_IMPERSONATION);
  ends.client.leave();
  const auto kept = win32::keepClient(ends.server.get());
  ends.server.reset();
  const auto taken = kept->identity(true);
  if (!CHECK(taken && !taken.value->assume())) return;
  CHECK(levelHere() == static_cast<int>(SecurityImpersonation));
  taken.value->revert();
  CHECK(taken.value->user().value.sid.starts_with("S-1-5-"));
}

TEST(whyAClientIsNotKnownIsToldLater) {
  const Ends ends(kDynamic);
  const auto kept = win32::keepClient(ends.server.get());
  const Failure failure = kept->identity(false).failure;
  CHECK(same(failure, "ERR_PIPE_CANNOT_IMPERSONATE") && failure.os == ERROR_CANNOT_IMPERSONATE);
}

TEST(aThreadThatCannotBecomeItselfEndsTheProcess) {
  if (const std::string task = ownTask(); !task.empty()) return fail(task);
  for (const char* task : {"revert", "take"})
    CHECK(inChild("aThreadThatCannotBecomeItselfEndsTheProcess", task) == 0xC0000602UL);  // STATUS_FAIL_FAST_EXCEPTION
}

}  // namespace framepipe::test
