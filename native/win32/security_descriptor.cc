#include "win32/security_descriptor.h"

#include <sddl.h>

#include <cstddef>

#include "win32/current_user.h"
#include "win32/unique_handle.h"
#include "win32/wide_string.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

using Parsed = UniqueLocal<PSECURITY_DESCRIPTOR>;

bool parse(const std::wstring& sddl, Parsed& parsed) {
  return ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl.c_str(), SDDL_REVISION_1, parsed.out(),
                                                              /*size=*/nullptr) != FALSE;
}

// `trustee` is an alias of SDDL: AU, WD. kClientAccess in digits, since SDDL has no name for it.
std::wstring clientEntry(const wchar_t* trustee) {
  static_assert(kClientAccess == 0x12019b);
  return std::wstring(L"(A;;0x12019b;;;") + trustee + L")";
}

std::wstring presetSddl(Access access, const std::vector<Sid>& owners) {
  std::wstring sddl = L"O:" + owners.front().toString() + L"D:P";
  for (const Sid& owner : owners) sddl += L"(A;;FA;;;" + owner.toString() + L")";
  if (access == Access::Authenticated) sddl += clientEntry(L"AU");
  if (access == Access::Everyone) sddl += clientEntry(L"WD");
  return sddl;
}

bool grants(BYTE ace_type) {
  return ace_type == ACCESS_ALLOWED_ACE_TYPE || ace_type == ACCESS_ALLOWED_CALLBACK_ACE_TYPE ||
         ace_type == ACCESS_ALLOWED_OBJECT_ACE_TYPE || ace_type == ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE;
}

// All kinds of entries that grant or deny begin alike.
ACCESS_MASK& maskOf(ACE_HEADER* ace) {
  static_assert(offsetof(ACCESS_ALLOWED_ACE, Mask) == offsetof(ACCESS_ALLOWED_OBJECT_ACE, Mask));
  return reinterpret_cast<ACCESS_ALLOWED_ACE*>(ace)->Mask;
}

// A copy of `source` in which only the owner may create instances.
bool copyWithoutInstances(ACL* source, const Sid& owner, std::vector<uint8_t>& copy) {
  GENERIC_MAPPING mapping{FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  const DWORD owner_ace = static_cast<DWORD>(offsetof(ACCESS_ALLOWED_ACE, SidStart)) + GetLengthSid(owner.get());
  copy.resize(source->AclSize + owner_ace);
  ACL* acl = reinterpret_cast<ACL*>(copy.data());
  if (!InitializeAcl(acl, static_cast<DWORD>(copy.size()), ACL_REVISION_DS)) return false;
  for (WORD i = 0; i < source->AceCount; ++i) {
    void* found = nullptr;
    if (!GetAce(source, i, &found)) return false;
    auto* ace = static_cast<ACE_HEADER*>(found);
    if (grants(ace->AceType)) {
      MapGenericMask(&maskOf(ace), &mapping);
      maskOf(ace) &= ~static_cast<ACCESS_MASK>(FILE_CREATE_PIPE_INSTANCE);
    }
    if (!AddAce(acl, ACL_REVISION_DS, MAXDWORD, ace, ace->AceSize)) return false;
  }
  return AddAccessAllowedAce(acl, ACL_REVISION_DS, FILE_CREATE_PIPE_INSTANCE, owner.get()) != FALSE;
}

std::vector<uint8_t> bytesOf(PSECURITY_DESCRIPTOR descriptor) {
  DWORD length = 0;
  MakeSelfRelativeSD(descriptor, nullptr, &length);
  std::vector<uint8_t> bytes(length);
  if (!MakeSelfRelativeSD(descriptor, bytes.data(), &length)) bytes.clear();
  return bytes;
}

Failure invalid(const char* syscall, DWORD error, const char* hint) {
  return {"EINVAL", syscall, static_cast<int32_t>(error), hint};
}

}  // namespace

Outcome<SecurityDescriptor> SecurityDescriptor::of(Access access, const std::string& sddl, const char* syscall) {
  if (access == Access::Sddl) return fromSddl(sddl, syscall);
  const auto owners = currentOwners(syscall);
  if (!owners) return owners.failure;
  Parsed parsed;
  if (!parse(presetSddl(access, owners.value), parsed)) return win32Failure(GetLastError(), syscall);
  SecurityDescriptor descriptor;
  const auto* bytes = static_cast<const uint8_t*>(parsed.get());
  descriptor.bytes_.assign(bytes, bytes + GetSecurityDescriptorLength(parsed.get()));
  return descriptor;
}

Outcome<SecurityDescriptor> SecurityDescriptor::fromSddl(const std::string& sddl, const char* syscall) {
  const std::optional<std::wstring> text = widen(sddl);
  Parsed parsed;
  if (!text || text->find(L'\0') != std::wstring::npos)
    return invalid(syscall, ERROR_INVALID_PARAMETER, "access.sddl is not a string that Windows takes");
  if (!parse(*text, parsed)) return invalid(syscall, GetLastError(), "access.sddl is not a valid security descriptor");

  BOOL present = FALSE, defaulted = FALSE;
  ACL* dacl = nullptr;
  if (!GetSecurityDescriptorDacl(parsed.get(), &present, &dacl, &defaulted) || !present || !dacl)
    return invalid(syscall, ERROR_INVALID_ACL,
                   "access.sddl needs a list of who may connect (D:…); without one everybody might do everything");

  const auto owners = currentOwners(syscall);
  if (!owners) return owners.failure;
  PSID named_owner = nullptr, group = nullptr;
  ACL* sacl = nullptr;
  BOOL labelled = FALSE;
  GetSecurityDescriptorOwner(parsed.get(), &named_owner, &defaulted);
  GetSecurityDescriptorGroup(parsed.get(), &group, &defaulted);
  GetSecurityDescriptorSacl(parsed.get(), &labelled, &sacl, &defaulted);
  const Sid owner = named_owner ? Sid(named_owner) : owners.value.front();

  std::vector<uint8_t> acl;
  SECURITY_DESCRIPTOR absolute;
  if (!copyWithoutInstances(dacl, owners.value.front(), acl) ||
      !InitializeSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION) ||
      !SetSecurityDescriptorOwner(&absolute, owner.get(), /*defaulted=*/FALSE) ||
      !SetSecurityDescriptorGroup(&absolute, group, /*defaulted=*/FALSE) ||
      !SetSecurityDescriptorDacl(&absolute, /*present=*/TRUE, reinterpret_cast<ACL*>(acl.data()),
                                 /*defaulted=*/FALSE) ||
      !SetSecurityDescriptorControl(&absolute, SE_DACL_PROTECTED, SE_DACL_PROTECTED) ||
      (labelled && !SetSecurityDescriptorSacl(&absolute, /*present=*/TRUE, sacl, /*defaulted=*/FALSE)))
    return win32Failure(GetLastError(), syscall);

  SecurityDescriptor descriptor;
  descriptor.bytes_ = bytesOf(&absolute);
  if (descriptor.bytes_.empty()) return win32Failure(GetLastError(), syscall);
  return descriptor;
}

DWORD SecurityDescriptor::applyTo(HANDLE pipe) const {
  constexpr SECURITY_INFORMATION kDacl = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
  return SetKernelObjectSecurity(pipe, kDacl, get()) ? ERROR_SUCCESS : GetLastError();
}

}  // namespace framepipe::win32
