// What `access` means in Windows' words. Any thread.
#pragma once
#include <string>

#include "core/access.h"
#include "core/outcome.h"
#include "win32/current_user.h"

namespace framepipe::win32 {

Failure invalidAccess(const char* syscall, DWORD error, const char* hint);

// A whole descriptor: each owner of what `self` makes may do everything; the others of `access` may connect. `access` is no SDDL
// itself.
Outcome<std::wstring> sddlOf(const Access& access, const Self& self, const char* syscall);

}  // namespace framepipe::win32
