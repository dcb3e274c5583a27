// run_as.exe restricted COMMAND...    runs a program as the same user, who is no administrator then
// run_as.exe S-1-5-21-… COMMAND...    runs it as a made-up user, for which it takes the right to make tokens
// Its exit code is the program's; 250: the token, 251: the program could not be made.
#define _WIN32_WINNT 0x0A00
#include <windows.h>

#include <sddl.h>
#include <stdio.h>
#include <winternl.h>

typedef NTSTATUS(NTAPI* CreateToken)(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES, TOKEN_TYPE, PLUID, PLARGE_INTEGER,
                                     PTOKEN_USER, PTOKEN_GROUPS, PTOKEN_PRIVILEGES, PTOKEN_OWNER, PTOKEN_PRIMARY_GROUP,
                                     PTOKEN_DEFAULT_DACL, PTOKEN_SOURCE);

static PSID sid(const wchar_t* text) {
  PSID result = NULL;
  ConvertStringSidToSidW(text, &result);
  return result;
}

static HANDLE restricted(void) {
  SID_AND_ATTRIBUTES administrators = {sid(L"S-1-5-32-544"), 0};
  HANDLE own = NULL, token = NULL;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own)) return NULL;
  CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 1, &administrators, 0, NULL, 0, NULL, &token);
  return token;
}

static HANDLE madeUp(const wchar_t* user) {
  CreateToken create = (CreateToken)(void (*)(void))GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateToken");
  SECURITY_QUALITY_OF_SERVICE quality = {sizeof quality, SecurityImpersonation, SECURITY_STATIC_TRACKING, FALSE};
  OBJECT_ATTRIBUTES attributes = {.Length = sizeof attributes, .SecurityQualityOfService = &quality};
  const DWORD enabled = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;
  const wchar_t* names[] = {L"S-1-1-0", L"S-1-5-32-545", L"S-1-5-11", L"S-1-5-21-0-0-0-513"};  // Everyone, Users, …
  struct {
    DWORD count;
    SID_AND_ATTRIBUTES groups[4];
  } groups = {4, {{NULL, 0}}};
  for (int i = 0; i < 4; ++i) groups.groups[i] = (SID_AND_ATTRIBUTES){sid(names[i]), enabled};
  TOKEN_USER owner = {{sid(user), 0}};
  TOKEN_PRIVILEGES privileges = {0, {{{0, 0}, 0}}};
  TOKEN_OWNER token_owner = {owner.User.Sid};
  TOKEN_PRIMARY_GROUP primary = {groups.groups[3].Sid};
  BYTE room[512];
  PACL acl = (PACL)room;
  InitializeAcl(acl, sizeof room, ACL_REVISION);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, owner.User.Sid);
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

int wmain(int count, wchar_t** words) {
  if (count < 3) return 250;
  HANDLE token = wcscmp(words[1], L"restricted") == 0 ? restricted() : madeUp(words[1]);
  if (!token) {
    fwprintf(stderr, L"run_as: no token for %ls (%lu)\n", words[1], GetLastError());
    return 250;
  }
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  PROCESS_INFORMATION process;
  if (!CreateProcessAsUserW(token, NULL, command(), NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
    fwprintf(stderr, L"run_as: cannot start %ls (%lu)\n", command(), GetLastError());
    return 251;
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  DWORD code = 251;
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
