#include "tokens.h"

#include <sddl.h>
#include <winternl.h>

namespace witness {

namespace {

PSID sidOf(const std::wstring& text) {
  PSID sid = nullptr;
  ConvertStringSidToSidW(text.c_str(), &sid);  // never freed: a test process is short
  return sid;
}

HANDLE asImpersonationToken(HANDLE primary) {
  HANDLE token = nullptr;
  if (!DuplicateTokenEx(primary, TOKEN_ALL_ACCESS, nullptr, SecurityImpersonation, TokenImpersonation, &token))
    return nullptr;
  return token;
}

HANDLE stranger() {
  HANDLE own = nullptr, restricted = nullptr;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own)) return nullptr;
  alignas(8) BYTE user[256];
  DWORD length = 0;
  if (!GetTokenInformation(own, TokenUser, user, sizeof user, &length)) return nullptr;
  SID_AND_ATTRIBUTES denied[] = {{reinterpret_cast<TOKEN_USER*>(user)->User.Sid, 0}, {sidOf(L"S-1-5-32-544"), 0}};
  if (!CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 2, denied, 0, nullptr, 0, nullptr, &restricted))
    return nullptr;
  return asImpersonationToken(restricted);
}

using CreateToken = NTSTATUS(NTAPI*)(PHANDLE, ACCESS_MASK, OBJECT_ATTRIBUTES*, TOKEN_TYPE, PLUID, PLARGE_INTEGER,
                                     PTOKEN_USER, PTOKEN_GROUPS, PTOKEN_PRIVILEGES, PTOKEN_OWNER, PTOKEN_PRIMARY_GROUP,
                                     PTOKEN_DEFAULT_DACL, PTOKEN_SOURCE);

HANDLE madeUp(const std::wstring& user, const std::vector<std::wstring>& names) {
  const auto create = reinterpret_cast<CreateToken>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateToken")));
  if (!create) return nullptr;
  std::vector<BYTE> room(offsetof(TOKEN_GROUPS, Groups) + (names.size() + 1) * sizeof(SID_AND_ATTRIBUTES));
  auto* groups = reinterpret_cast<TOKEN_GROUPS*>(room.data());
  for (const std::wstring& name : names)
    groups->Groups[groups->GroupCount++] = {sidOf(name),
                                            SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED};
  SECURITY_QUALITY_OF_SERVICE quality{sizeof quality, SecurityImpersonation, SECURITY_STATIC_TRACKING, FALSE};
  OBJECT_ATTRIBUTES attributes{};
  attributes.Length = sizeof attributes;
  attributes.SecurityQualityOfService = &quality;
  TOKEN_USER token_user{{sidOf(user), 0}};
  TOKEN_PRIVILEGES none{};
  TOKEN_OWNER owner{token_user.User.Sid};
  TOKEN_PRIMARY_GROUP primary{names.empty() ? token_user.User.Sid : groups->Groups[0].Sid};
  alignas(8) BYTE list[512];
  auto* acl = reinterpret_cast<ACL*>(list);
  InitializeAcl(acl, sizeof list, ACL_REVISION);
  AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, owner.Owner);
  TOKEN_DEFAULT_DACL dacl{acl};
  TOKEN_SOURCE source{{'w', 'i', 't', 'n', 'e', 's', 's', 0}, {0, 0}};
  LUID system{0x3e7, 0};
  LARGE_INTEGER never;
  never.QuadPart = MAXLONGLONG;
  HANDLE token = nullptr;
  const NTSTATUS status = create(&token, TOKEN_ALL_ACCESS, &attributes, TokenPrimary, &system, &never, &token_user,
                                 groups, &none, &owner, &primary, &dacl, &source);
  if (status) SetLastError(static_cast<DWORD>(status));
  return token ? asImpersonationToken(token) : nullptr;
}

}  // namespace

HANDLE tokenOf(const std::wstring& user, const std::vector<std::wstring>& groups) {
  return user == L"stranger" ? stranger() : madeUp(user, groups);
}

void takeRestorePrivilege() {
  HANDLE own = nullptr;
  TOKEN_PRIVILEGES wanted{};
  wanted.PrivilegeCount = 1;
  wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &own) &&
      LookupPrivilegeValueW(nullptr, L"SeRestorePrivilege", &wanted.Privileges[0].Luid))
    AdjustTokenPrivileges(own, FALSE, &wanted, 0, nullptr, nullptr);
  if (own) CloseHandle(own);
}

}  // namespace witness
