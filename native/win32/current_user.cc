#include "win32/current_user.h"

#include <aclapi.h>
#include <sddl.h>

#include "win32/unique_handle.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

UniqueHandle processToken() {
  UniqueHandle token;
  OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, token.out());
  return token;
}

bool isElevated() {
  TOKEN_ELEVATION elevation{};
  DWORD length = 0;
  return GetTokenInformation(processToken().get(), TokenElevation, &elevation, sizeof elevation, &length) &&
         elevation.TokenIsElevated;
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

Outcome<Sid> currentUser(const char* syscall) {
  struct {
    TOKEN_USER user;
    uint8_t sid[SECURITY_MAX_SID_SIZE];
  } information;
  DWORD length = 0;
  const UniqueHandle token = processToken();
  if (!token || !GetTokenInformation(token.get(), TokenUser, &information, sizeof information, &length))
    return win32Failure(GetLastError(), syscall);
  return Sid(information.user.User.Sid);
}

bool isOwnPipe(HANDLE pipe) {
  PSID owner = nullptr;
  UniqueLocal<PSECURITY_DESCRIPTOR> descriptor;
  if (GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, /*group=*/nullptr,
                      /*dacl=*/nullptr, /*sacl=*/nullptr, descriptor.out()) != ERROR_SUCCESS ||
      !owner)
    return false;
  const Outcome<Sid> user = currentUser("connect");
  if (user && user.value.equals(owner)) return true;
  return IsWellKnownSid(owner, WinBuiltinAdministratorsSid) && isElevated();
}

}  // namespace framepipe::win32
