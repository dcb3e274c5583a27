#include "win32/current_user.h"

#include <aclapi.h>
#include <sddl.h>

#include <algorithm>
#include <utility>

#include "win32/unique_handle.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

// A fact of this process's token that leads to a SID.
template <class Fact>
Outcome<Sid> sidOf(HANDLE token, TOKEN_INFORMATION_CLASS kind, PSID(*find)(const Fact&), const char* syscall) {
  struct {
    Fact fact;
    uint8_t sid[SECURITY_MAX_SID_SIZE];
  } information;
  DWORD length = 0;
  if (!GetTokenInformation(token, kind, &information, sizeof information, &length))
    return win32Failure(GetLastError(), syscall);
  return Sid(find(information.fact));
}

}  // namespace

Sid::Sid(PSID sid) : bytes_(GetLengthSid(sid)) {
  CopySid(static_cast<DWORD>(bytes_.size()), bytes_.data(), sid);
}

std::wstring Sid::toString() const {
  UniqueLocal<wchar_t*> text;
  if (!ConvertSidToStringSidW(get(), text.out())) return {};
  return text.get();
}

Outcome<std::vector<Sid>> currentOwners(const char* syscall) {
  UniqueHandle token;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token.out())) return win32Failure(GetLastError(), syscall);
  const auto user = sidOf<TOKEN_USER>(
      token.get(), TokenUser, [](const TOKEN_USER& fact) { return fact.User.Sid; }, syscall);
  if (!user) return user.failure;
  auto owner = sidOf<TOKEN_OWNER>(
      token.get(), TokenOwner, [](const TOKEN_OWNER& fact) { return fact.Owner; }, syscall);
  if (!owner) return owner.failure;
  std::vector<Sid> owners{std::move(owner.value)};
  if (IsWellKnownSid(user.value.get(), WinLocalSystemSid)) {
    for (const auto type : {WinLocalSystemSid, WinBuiltinAdministratorsSid}) {
      uint8_t sid[SECURITY_MAX_SID_SIZE];
      DWORD length = sizeof sid;
      if (CreateWellKnownSid(type, /*domain=*/nullptr, sid, &length) && !owners.front().equals(sid))
        owners.emplace_back(sid);
    }
  }
  return owners;
}

bool isOwnPipe(HANDLE pipe) {
  PSID owner = nullptr;
  UniqueLocal<PSECURITY_DESCRIPTOR> descriptor;
  if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, /*group=*/nullptr,
                      /*dacl=*/nullptr, /*sacl=*/nullptr, descriptor.out()) != ERROR_SUCCESS ||
      !owner)
    return false;
  const auto ours = currentOwners("connect");
  return ours && std::any_of(ours.value.begin(), ours.value.end(), [&](const Sid& sid) { return sid.equals(owner); });
}

}  // namespace framepipe::win32
