// Whom this process runs as, and whether a pipe is that user's. Any thread.
#pragma once
#include <windows.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/access.h"
#include "core/outcome.h"

namespace framepipe::win32 {

// A security identifier, owned.
class Sid {
 public:
  Sid() = default;
  explicit Sid(PSID sid);

  PSID get() const { return const_cast<uint8_t*>(bytes_.data()); }
  // Of its text, S-1-…; none, if it is not one.
  static std::optional<Sid> from(const std::string& text);
  bool equals(PSID other) const { return EqualSid(get(), other) != FALSE; }
  std::wstring toString() const;  // S-1-5-…

 private:
  std::vector<uint8_t> bytes_;
};

// Whom the things belong to that a process makes: first the owner of its token, as in .NET's CurrentUserOnly. That is the user
// or, in an elevated process, Administrators: to the user's processes that are not elevated, somebody else. SYSTEM is both
// itself and Administrators, for which of them its token says depends on who started it.
std::vector<Sid> ownersOf(const Sid& user, const Sid& token_owner);

// What this process is.
struct Self {
  std::vector<Sid> owners;
  DWORD integrity = 0;  // how far it is trusted: SECURITY_MANDATORY_MEDIUM_RID, …
};
Outcome<Self> currentSelf(const char* syscall);

// Whether it owns the pipe.
bool isOwnPipe(HANDLE pipe);

// Whether one of `owners` does: Administrators are SYSTEM, too.
bool isPipeOf(HANDLE pipe, const std::vector<Principal>& owners);

}  // namespace framepipe::win32
