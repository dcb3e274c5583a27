// Whom this process runs as, and whether a pipe is that user's. Any thread.
#pragma once
#include <windows.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/outcome.h"

namespace framepipe::win32 {

// A security identifier, owned.
class Sid {
 public:
  Sid() = default;
  explicit Sid(PSID sid);

  PSID get() const { return const_cast<uint8_t*>(bytes_.data()); }
  bool equals(PSID other) const { return EqualSid(get(), other) != FALSE; }
  std::wstring toString() const;  // S-1-5-…

 private:
  std::vector<uint8_t> bytes_;
};

// Whom the things belong to that this process makes: first the owner of its token, as in .NET's CurrentUserOnly. That is
// the user or, in an elevated process, Administrators: to the user's processes that are not elevated, somebody else. SYSTEM
// is both itself and Administrators, for which of them its token says depends on who started it.
Outcome<std::vector<Sid>> currentOwners(const char* syscall);

// Whether one of them owns the pipe.
bool isOwnPipe(HANDLE pipe);

}  // namespace framepipe::win32
