#include "core/accounts.h"

#include <windows.h>

#include "win32/current_user.h"
#include "win32/wide_string.h"
#include "win32/win32_failure.h"

namespace framepipe {

namespace {

// "Everyone" is no user, whoever asks for one.
bool isOfKind(SID_NAME_USE use, AccountKind kind) {
  if (kind == AccountKind::User) return use == SidTypeUser || use == SidTypeComputer;
  return use == SidTypeGroup || use == SidTypeAlias || use == SidTypeWellKnownGroup;
}

Failure notFound(DWORD error) {
  return {"ENOENT", "lookUp", static_cast<int32_t>(error)};
}

}  // namespace

Outcome<Principal> accountOf(AccountKind kind, const std::string& name) {
  const std::optional<std::wstring> wide = win32::widen(name);
  if (!wide) return notFound(ERROR_NONE_MAPPED);
  uint8_t sid[SECURITY_MAX_SID_SIZE];
  wchar_t domain[257];  // DNLEN and more
  DWORD sid_size = sizeof sid, domain_length = 257;
  SID_NAME_USE use{};
  if (!LookupAccountNameW(/*system=*/nullptr, wide->c_str(), sid, &sid_size, domain, &domain_length, &use)) {
    const DWORD error = GetLastError();
    return error == ERROR_NONE_MAPPED ? notFound(error) : win32::win32Failure(error, "lookUp");
  }
  if (!isOfKind(use, kind)) return notFound(ERROR_NONE_MAPPED);
  return Principal{.kind = Principal::Kind::Sid, .sid = win32::narrow(win32::Sid(sid).toString())};
}

}  // namespace framepipe
