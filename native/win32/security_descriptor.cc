#include "win32/security_descriptor.h"

#include <aclapi.h>
#include <sddl.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "win32/access_sddl.h"
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

bool audits(ACL* sacl) {
  for (WORD i = 0; sacl && i < sacl->AceCount; ++i) {
    void* ace = nullptr;
    if (GetAce(sacl, i, &ace) && static_cast<ACE_HEADER*>(ace)->AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE) return true;
  }
  return false;
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

bool isOneOf(const std::vector<Sid>& owners, ACE_HEADER* ace) {
  if (ace->AceType != ACCESS_ALLOWED_ACE_TYPE) return false;
  const PSID sid = &reinterpret_cast<ACCESS_ALLOWED_ACE*>(ace)->SidStart;
  return std::any_of(owners.begin(), owners.end(), [sid](const Sid& owner) { return owner.equals(sid); });
}

// A copy of `source` in which only the owners may create instances, and the first of them may.
bool copyWithoutInstances(ACL* source, const std::vector<Sid>& owners, std::vector<uint8_t>& copy) {
  GENERIC_MAPPING mapping{FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  const PSID owner = owners.front().get();
  const DWORD owner_ace = static_cast<DWORD>(offsetof(ACCESS_ALLOWED_ACE, SidStart)) + GetLengthSid(owner);
  copy.resize(source->AclSize + owner_ace);
  ACL* acl = reinterpret_cast<ACL*>(copy.data());
  if (!InitializeAcl(acl, static_cast<DWORD>(copy.size()), ACL_REVISION_DS)) return false;
  bool owner_may = false;
  for (WORD i = 0; i < source->AceCount; ++i) {
    void* found = nullptr;
    if (!GetAce(source, i, &found)) return false;
    auto* ace = static_cast<ACE_HEADER*>(found);
    if (grants(ace->AceType)) {
      MapGenericMask(&maskOf(ace), &mapping);
      if (!isOneOf(owners, ace)) maskOf(ace) &= ~static_cast<ACCESS_MASK>(FILE_CREATE_PIPE_INSTANCE);
      owner_may = owner_may || (isOneOf({owners.front()}, ace) && maskOf(ace) & FILE_CREATE_PIPE_INSTANCE &&
                                !(ace->AceFlags & INHERIT_ONLY_ACE));
    }
    if (!AddAce(acl, ACL_REVISION_DS, MAXDWORD, ace, ace->AceSize)) return false;
  }
  return owner_may || AddAccessAllowedAce(acl, ACL_REVISION_DS, FILE_CREATE_PIPE_INSTANCE, owner) != FALSE;
}

std::vector<uint8_t> bytesOf(PSECURITY_DESCRIPTOR descriptor) {
  DWORD length = 0;
  MakeSelfRelativeSD(descriptor, nullptr, &length);
  std::vector<uint8_t> bytes(length);
  if (!MakeSelfRelativeSD(descriptor, bytes.data(), &length)) bytes.clear();
  return bytes;
}

}  // namespace

Outcome<SecurityDescriptor> SecurityDescriptor::of(const Access& access, const char* syscall) {
  if (access.sddl) return fromSddl(*access.sddl, syscall);
  const Outcome<Self> self = currentSelf(syscall);
  if (!self) return self.failure;
  const Outcome<std::wstring> sddl = sddlOf(access, self.value, syscall);
  if (!sddl) return sddl.failure;
  Parsed parsed;
  if (!parse(sddl.value, parsed)) return win32Failure(GetLastError(), syscall);
  SecurityDescriptor descriptor;
  const auto* bytes = static_cast<const uint8_t*>(parsed.get());
  descriptor.bytes_.assign(bytes, bytes + GetSecurityDescriptorLength(parsed.get()));
  return descriptor;
}

Outcome<SecurityDescriptor> SecurityDescriptor::fromSddl(const std::string& sddl, const char* syscall) {
  const std::optional<std::wstring> text = widen(sddl);
  Parsed parsed;
  if (!text || text->find(L'\0') != std::wstring::npos)
    return invalidAccess(syscall, ERROR_INVALID_PARAMETER, "access.sddl is not a string that Windows takes");
  if (!parse(*text, parsed))
    return invalidAccess(syscall, GetLastError(), "access.sddl is not a valid security descriptor");

  BOOL present = FALSE, defaulted = FALSE;
  ACL* dacl = nullptr;
  if (!GetSecurityDescriptorDacl(parsed.get(), &present, &dacl, &defaulted) || !present || !dacl)
    return invalidAccess(
        syscall, ERROR_INVALID_ACL,
        "access.sddl needs a list of who may connect (D:…); without one everybody might do everything");

  const Outcome<Self> self = currentSelf(syscall);
  if (!self) return self.failure;
  PSID named_owner = nullptr, group = nullptr;
  ACL* sacl = nullptr;
  BOOL labelled = FALSE;
  GetSecurityDescriptorOwner(parsed.get(), &named_owner, &defaulted);
  GetSecurityDescriptorGroup(parsed.get(), &group, &defaulted);
  GetSecurityDescriptorSacl(parsed.get(), &labelled, &sacl, &defaulted);
  if (audits(sacl) && std::string_view(syscall) == "setAccess")
    return invalidAccess(syscall, 0, "auditing entries (S:) of access.sddl are for listen() only");
  const Sid owner = named_owner ? Sid(named_owner) : self.value.owners.front();

  std::vector<uint8_t> acl;
  SECURITY_DESCRIPTOR absolute;
  if (!copyWithoutInstances(dacl, self.value.owners, acl) ||
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

Outcome<std::string> SecurityDescriptor::ofPipe(HANDLE pipe) {
  constexpr SECURITY_INFORMATION kAll =
      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION;
  Parsed descriptor;
  if (const DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT, kAll, /*owner=*/nullptr, /*group=*/nullptr,
                                          /*dacl=*/nullptr, /*sacl=*/nullptr, descriptor.out()))
    return win32Failure(error, "access");
  UniqueLocal<wchar_t*> text;
  if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor.get(), SDDL_REVISION_1, kAll, text.out(),
                                                            /*length=*/nullptr))
    return win32Failure(GetLastError(), "access");
  return narrow(text.get());
}

bool SecurityDescriptor::labelled() const {
  BOOL present = FALSE, defaulted = FALSE;
  ACL* sacl = nullptr;
  return GetSecurityDescriptorSacl(get(), &present, &sacl, &defaulted) && present && sacl && sacl->AceCount > 0;
}

// List and label at once, or neither.
DWORD SecurityDescriptor::applyTo(HANDLE pipe, const SecurityDescriptor& before) const {
  constexpr SECURITY_INFORMATION kDacl = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
  const auto set = [pipe](SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor) {
    return SetKernelObjectSecurity(pipe, what, descriptor) ? ERROR_SUCCESS : GetLastError();
  };
  if (labelled()) return set(kDacl | LABEL_SECURITY_INFORMATION, get());
  if (!before.labelled()) return set(kDacl, get());
  // What Windows takes for the label of whatever has none.
  Parsed usual;
  BOOL present = FALSE, defaulted = FALSE;
  ACL *dacl = nullptr, *label = nullptr;
  SECURITY_DESCRIPTOR both;
  if (!parse(L"S:(ML;;NW;;;ME)", usual) || !GetSecurityDescriptorSacl(usual.get(), &present, &label, &defaulted) ||
      !GetSecurityDescriptorDacl(get(), &present, &dacl, &defaulted) ||
      !InitializeSecurityDescriptor(&both, SECURITY_DESCRIPTOR_REVISION) ||
      !SetSecurityDescriptorDacl(&both, /*present=*/TRUE, dacl, /*defaulted=*/FALSE) ||
      !SetSecurityDescriptorSacl(&both, /*present=*/TRUE, label, /*defaulted=*/FALSE))
    return GetLastError();
  return set(kDacl | LABEL_SECURITY_INFORMATION, &both);
}

}  // namespace framepipe::win32
