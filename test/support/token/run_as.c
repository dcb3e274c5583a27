// run_as.exe restricted COMMAND...    runs a program as the same user, who is no administrator then, and not elevated
// run_as.exe NAME:PASSWORD COMMAND... as a local user, who is logged on
// run_as.exe S-1-5-21-… COMMAND...    runs it as a made-up user, for which it takes the right to make tokens
// run_as.exe elevated COMMAND...      as a made-up user who is an administrator, elevated: its things are Administrators'
// run_as.exe unelevated COMMAND...    as the same user, not elevated: Administrators is for denying only
// run_as.exe system COMMAND...        as SYSTEM, whose things are Administrators'; system-itself: its own
// Its exit code is the program's; 250: the token, 251: the program could not be made.
#define _WIN32_WINNT 0x0A00
#include <windows.h>

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <winternl.h>

typedef NTSTATUS(NTAPI* CreateToken)(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, TOKEN_TYPE, PLUID, PLARGE_INTEGER,
                                     PTOKEN_USER, PTOKEN_GROUPS, PTOKEN_PRIVILEGES, PTOKEN_OWNER, PTOKEN_PRIMARY_GROUP,
                                     PTOKEN_DEFAULT_DACL, PTOKEN_SOURCE);

static PSID sid(const wchar_t* text) {
  PSID result = NULL;
  ConvertStringSidToSidW(text, &result);
  return result;
}

// Whom the things that are made with it belong to, and who may use them.
static void own(HANDLE token, PSID user) {
  TOKEN_OWNER owner = {user};
  SetTokenInformation(token, TokenOwner, &owner, sizeof owner);  // Wine has it so already, and cannot set it
  BYTE room[512];
  PACL acl = (PACL)room;
  InitializeAcl(acl, sizeof room, ACL_REVISION);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, user);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, sid(L"S-1-5-18"));
  TOKEN_DEFAULT_DACL dacl = {acl};
  SetTokenInformation(token, TokenDefaultDacl, &dacl, sizeof dacl);
}

// As Windows does for an administrator who is not elevated.
static HANDLE restricted(void) {
  SID_AND_ATTRIBUTES administrators = {sid(L"S-1-5-32-544"), 0};
  HANDLE self = NULL, token = NULL;
  union {
    TOKEN_USER user;
    BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } fact;
  DWORD length = 0;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &self) ||
      !GetTokenInformation(self, TokenUser, &fact, sizeof fact, &length) ||
      !CreateRestrictedToken(self, DISABLE_MAX_PRIVILEGE, 1, &administrators, 0, NULL, 0, NULL, &token))
    return NULL;
  own(token, fact.user.User.Sid);
  TOKEN_MANDATORY_LABEL medium = {{sid(L"S-1-16-8192"), SE_GROUP_INTEGRITY}};
  SetTokenInformation(token, TokenIntegrityLevel, &medium, sizeof medium);
  return token;
}

// `administrators`: what that group is in the token, 0: it is none of its groups. `owner`: whom its things belong to.
static HANDLE madeUp(const wchar_t* user, DWORD administrators, const wchar_t* owner_of) {
  CreateToken create = (CreateToken)(void (*)(void))GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateToken");
  SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation, SECURITY_STATIC_TRACKING, FALSE};
  OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .SecurityQualityOfService = &quality};
  const DWORD enabled = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;
  const wchar_t* names[] = {L"S-1-1-0", L"S-1-5-32-545", L"S-1-5-11", L"S-1-5-21-7-7-7-513"};  // Everyone, Users, …
  struct {
    DWORD count;
    SID_AND_ATTRIBUTES groups[5];
  } groups = {administrators ? 5 : 4, {{NULL, 0}}};
  for (int i = 0; i < 4; ++i) groups.groups[i] = (SID_AND_ATTRIBUTES){sid(names[i]), enabled};
  groups.groups[4] = (SID_AND_ATTRIBUTES){sid(L"S-1-5-32-544"), administrators};
  TOKEN_USER owner = {{sid(user), 0}};
  TOKEN_PRIVILEGES privileges = {0, {{{0, 0}, 0}}};
  TOKEN_OWNER token_owner = {sid(owner_of)};
  TOKEN_PRIMARY_GROUP primary = {groups.groups[3].Sid};
  BYTE room[512];
  PACL acl = (PACL)room;
  InitializeAcl(acl, sizeof room, ACL_REVISION);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, owner.User.Sid);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, sid(L"S-1-5-32-544"));
  TOKEN_DEFAULT_DACL dacl = {acl};
  TOKEN_SOURCE source = {"run_as", {0, 0}};
  LUID system = {0x3e7, 0};
  LARGE_INTEGER never = {.QuadPart = MAXLONGLONG};
  HANDLE token = NULL;
  if (!create || !owner.User.Sid) return NULL;
  create(&token, TOKEN_ALL_ACCESS, &attributes, TokenPrimary, &system, &never, &owner, (PTOKEN_GROUPS)&groups,
         &privileges, &token_owner, &primary, &dacl, &source);
  return token;
}

static HANDLE tokenFor(const wchar_t* who) {
  const DWORD enabled = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED | SE_GROUP_OWNER;
  const wchar_t* administrators = L"S-1-5-32-544";
  const wchar_t* somebody = L"S-1-5-21-7-7-7-1001";
  if (wcscmp(who, L"restricted") == 0) return restricted();
  if (wcscmp(who, L"elevated") == 0) return madeUp(somebody, enabled, administrators);
  if (wcscmp(who, L"unelevated") == 0) return madeUp(somebody, SE_GROUP_USE_FOR_DENY_ONLY, somebody);
  if (wcscmp(who, L"system") == 0) return madeUp(L"S-1-5-18", enabled, administrators);
  if (wcscmp(who, L"system-itself") == 0) return madeUp(L"S-1-5-18", enabled, L"S-1-5-18");
  return madeUp(who, 0, who);
}

// The command line behind the first two words, as it is.
static wchar_t* command(void) {
  wchar_t* at = GetCommandLineW();
  for (int words = 0; words < 2; ++words) {
    for (BOOL quoted = FALSE; *at && (quoted || *at != L' '); ++at)
      if (*at == L'"') quoted = !quoted;
    while (*at == L' ') ++at;
  }
  return at;
}

// With the words NAME:PASSWORD.
static BOOL startLoggedOn(wchar_t* user, STARTUPINFOW* start, PROCESS_INFORMATION* process) {
  wchar_t* password = wcschr(user, L':');
  *password++ = 0;
  return CreateProcessWithLogonW(user, L".", password, 0, NULL, command(), 0, NULL, NULL, start, process);
}

static BOOL startWith(const wchar_t* who, STARTUPINFOW* start, PROCESS_INFORMATION* process) {
  HANDLE token = tokenFor(who);
  if (token) return CreateProcessAsUserW(token, NULL, command(), NULL, NULL, TRUE, 0, NULL, NULL, start, process);
  fwprintf(stderr, L"run_as: no token for %ls (%lu)\n", who, GetLastError());
  exit(250);
}

int wmain(int count, wchar_t** words) {
  if (count < 3) return 250;
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  PROCESS_INFORMATION process;
  const BOOL logs_on = wcschr(words[1], L':') != NULL;
  if (!(logs_on ? startLoggedOn(words[1], &start, &process) : startWith(words[1], &start, &process))) {
    fwprintf(stderr, L"run_as: cannot start %ls (%lu)\n", command(), GetLastError());
    return 251;
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  DWORD code = 251;
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
