// A pipe's path as Windows understands it. Any thread.
#pragma once
#include <string>

#include "core/outcome.h"

namespace framepipe::win32 {

// Fails with EINVAL unless it leads to a pipe, and to the one that it says: Windows resolves "..", and with it
// \\.\pipe\..\UNC\host\… is a file server's, which would be given our credentials.
Outcome<std::wstring> pipePath(const std::string& path, const char* syscall);

// Of such a path: not \\host\pipe\…, which may take long to open.
bool isOnThisMachine(const std::wstring& path);

// What it is called there: NAME of \\.\pipe\NAME.
std::wstring pipeName(const std::wstring& path);

}  // namespace framepipe::win32
