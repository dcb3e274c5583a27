#include "win32/current_user.h"

#include <aclapi.h>
#include <sddl.h>

#include <algorithm>
#include <utility>

#include "win32/unique_handle.h"
#include "win32/wide_string.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

// A fact of this process's token that leads to a SID.
template <class Fact>
Outcome<Sid> sidOf(HANDLE token, TOKEN_INFORMATION_CLASS kind, PSID (*find)(const Fact&), const char* syscall) {
  struct {
    Fact fact;
    uint8_t sid[SECURITY_MAX_SID_SIZE];
  } information;
  DWORD length = 0;
  if (!GetTokenInformation(token, kind, &information, sizeof information, &length))
    return win32Failure(GetLastError(), syscall);
  return Sid(find(information.fact));
}

bool isSid(PSID sid, const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::Owner: {
      const auto self = currentSelf("connect");
      const auto is = [sid](const Sid& own) { return own.equals(sid); };
      return self && std::any_of(self.value.owners.begin(), self.value.owners.end(), is);
    }
    case Principal::Kind::Administrators:
      return IsWellKnownSid(sid, WinBuiltinAdministratorsSid) || IsWellKnownSid(sid, WinLocalSystemSid);
    case Principal::Kind::Sid: {
      const std::optional<Sid> named = Sid::from(principal.sid);
      return named && named->equals(sid);
    }
    default:
      return false;
  }
}

}  // namespace

Sid::Sid(PSID sid) : bytes_(GetLengthSid(sid)) {
  CopySid(static_cast<DWORD>(bytes_.size()), bytes_.data(), sid);
}

std::optional<Sid> Sid::from(const std::string& text) {
  const std::optional<std::wstring> wide = widen(text);
  UniqueLocal<PSID> sid;
  if (!wide || !ConvertStringSidToSidW(wide->c_str(), sid.out())) return std::nullopt;
  Sid made(sid.get());
  // Not all of the text may have been read, or it was an alias of SDDL's.
  if (made.toString() != *wide) return std::nullopt;
  return made;
}

std::wstring Sid::toString() const {
  UniqueLocal<wchar_t*> text;
  if (!ConvertSidToStringSidW(get(), text.out())) return {};
  return text.get();
}

std::vector<Sid> ownersOf(const Sid& user, const Sid& token_owner) {
  std::vector<Sid> owners{token_owner};
  if (!IsWellKnownSid(user.get(), WinLocalSystemSid)) return owners;
  for (const auto type : {WinLocalSystemSid, WinBuiltinAdministratorsSid}) {
    uint8_t sid[SECURITY_MAX_SID_SIZE];
    DWORD length = sizeof sid;
    if (CreateWellKnownSid(type, /*domain=*/nullptr, sid, &length) && !token_owner.equals(sid))
      owners.emplace_back(sid);
  }
  return owners;
}

Outcome<Self> currentSelf(const char* syscall) {
  UniqueHandle token;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token.out())) return win32Failure(GetLastError(), syscall);
  const auto user =
      sidOf<TOKEN_USER>(token.get(), TokenUser, [](const TOKEN_USER& fact) { return fact.User.Sid; }, syscall);
  if (!user) return user.failure;
  const auto owner =
      sidOf<TOKEN_OWNER>(token.get(), TokenOwner, [](const TOKEN_OWNER& fact) { return fact.Owner; }, syscall);
  if (!owner) return owner.failure;
  const auto label = sidOf<TOKEN_MANDATORY_LABEL>(
      token.get(), TokenIntegrityLevel, [](const TOKEN_MANDATORY_LABEL& fact) { return fact.Label.Sid; }, syscall);
  if (!label) return label.failure;
  const PSID level = label.value.get();
  return Self{.owners = ownersOf(user.value, owner.value),
              .integrity = *GetSidSubAuthority(level, *GetSidSubAuthorityCount(level) - 1u)};
}

bool isOwnPipe(HANDLE pipe) {
  return isPipeOf(pipe, {{.kind = Principal::Kind::Owner}});
}

bool isPipeOf(HANDLE pipe, const std::vector<Principal>& owners) {
  PSID owner = nullptr;
  UniqueLocal<PSECURITY_DESCRIPTOR> descriptor;
  const DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, /*group=*/nullptr,
                                      /*dacl=*/nullptr, /*sacl=*/nullptr, descriptor.out());
  if (error || !owner) return false;
  return std::any_of(owners.begin(), owners.end(), [&](const Principal& principal) { return isSid(owner, principal); });
}

}  // namespace framepipe::win32
