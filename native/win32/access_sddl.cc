#include "win32/access_sddl.h"

#include <algorithm>

#include "win32/security_descriptor.h"

namespace framepipe::win32 {

namespace {

// SDDL's name for them; null for whom it has none.
const wchar_t* aliasOf(Principal::Kind kind) {
  switch (kind) {
    case Principal::Kind::Administrators:
      return L"BA";
    case Principal::Kind::System:
      return L"SY";
    case Principal::Kind::Services:
      return L"SU";
    case Principal::Kind::Interactive:
      return L"IU";
    case Principal::Kind::AppPackages:
      return L"AC";
    case Principal::Kind::Authenticated:
      return L"AU";
    case Principal::Kind::Everyone:
      return L"WD";
    default:
      return nullptr;
  }
}

const wchar_t* labelOf(Integrity integrity) {
  switch (integrity) {
    case Integrity::Low:
      return L"S:(ML;;NRNW;;;LW)";
    case Integrity::Medium:
      return L"S:(ML;;NRNW;;;ME)";
    case Integrity::High:
      return L"S:(ML;;NRNW;;;HI)";
    default:
      return L"";
  }
}

DWORD levelOf(Integrity integrity) {
  switch (integrity) {
    case Integrity::Low:
      return SECURITY_MANDATORY_LOW_RID;
    case Integrity::Medium:
      return SECURITY_MANDATORY_MEDIUM_RID;
    case Integrity::High:
      return SECURITY_MANDATORY_HIGH_RID;
    default:
      return SECURITY_MANDATORY_UNTRUSTED_RID;
  }
}

// The label that `access` asks for, if this process may set it.
Outcome<Integrity> integrityOf(const Access& access, const Self& self, const char* syscall) {
  const bool packages = std::any_of(access.allow.begin(), access.allow.end(), [](const Principal& principal) {
    return principal.kind == Principal::Kind::AppPackages;
  });
  if (packages && access.integrity > Integrity::Low)
    return invalidAccess(syscall, 0, "access.integrity keeps 'appPackages' out: they have a low one");
  const Integrity integrity = packages ? Integrity::Low : access.integrity;
  if (integrity != Integrity::Unset && levelOf(integrity) > self.integrity)
    return invalidAccess(syscall, 0, "access.integrity is above this process's own, which no process may ask for");
  return integrity;
}

// kClientAccess in digits, since SDDL has no name for it.
Failure addEntry(const Principal& principal, std::wstring& sddl, const char* syscall) {
  static_assert(kClientAccess == 0x12019b);
  std::wstring trustee;
  if (const wchar_t* alias = aliasOf(principal.kind)) {
    trustee = alias;
  } else if (principal.kind == Principal::Kind::Sid) {
    const std::optional<Sid> sid = Sid::from(principal.sid);
    if (!sid) return invalidAccess(syscall, ERROR_INVALID_SID, "a `sid` of access.allow is no security identifier");
    trustee = sid->toString();
  } else {
    return {};  // the owner has an entry already
  }
  sddl += L"(A;;0x12019b;;;" + trustee + L")";
  return {};
}

}  // namespace

Failure invalidAccess(const char* syscall, DWORD error, const char* hint) {
  return {"EINVAL", syscall, static_cast<int32_t>(error), hint};
}

Outcome<std::wstring> sddlOf(const Access& access, const Self& self, const char* syscall) {
  const Outcome<Integrity> integrity = integrityOf(access, self, syscall);
  if (!integrity) return integrity.failure;
  std::wstring sddl = L"O:" + self.owners.front().toString() + L"D:P";
  for (const Sid& owner : self.owners) sddl += L"(A;;FA;;;" + owner.toString() + L")";
  for (const Principal& principal : access.allow)
    if (const Failure failure = addEntry(principal, sddl, syscall)) return failure;
  return sddl + labelOf(integrity.value);
}

}  // namespace framepipe::win32
