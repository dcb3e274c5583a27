// Tokens of users who are not this process's. JS thread only.
#pragma once
#include <windows.h>

#include <string>
#include <vector>

namespace witness {

// An impersonation token; null with GetLastError().
//   "stranger": this user, whom no entry of a descriptor lets in any more (nor as an administrator)
//   a SID: a user of that SID and in these groups. Wine only: Windows lets nobody but itself make such tokens.
HANDLE tokenOf(const std::wstring& user, const std::vector<std::wstring>& groups);

// Lets this process name anybody as an owner, if it may (administrators may).
void takeRestorePrivilege();

}  // namespace witness
