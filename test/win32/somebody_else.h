// Another user than the one that the tests run as.
#pragma once
#include <windows.h>

#include <sddl.h>

#include <functional>

namespace framepipe::test {

// Runs `body` on a thread that is another user, made up: NtCreateToken, which Wine's administrator may call.
inline bool asSomebodyElse(const std::function<void()>& body) {
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

}  // namespace framepipe::test
