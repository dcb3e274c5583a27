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

// The user of the process token. Its default owner may be another one: Administrators, when elevated.
Outcome<Sid> currentUser(const char* syscall);

// Whether this user, or Administrators while this process is elevated, owns the pipe.
bool isOwnPipe(HANDLE pipe);

}  // namespace framepipe::win32
