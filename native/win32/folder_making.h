// Impersonation thread, as the client.
#pragma once
#include <windows.h>

#include <string>

namespace framepipe::win32 {

// The folder of that full path, and those above it that there are not. A link that is in the path is followed, as
// everywhere; what is made is looked up in the folder that it was made in, so that nobody puts a link in its place.
// `first`: what was made first. Returns GetLastError(); ERROR_ALREADY_EXISTS: there is something of that name, but no
// folder; ERROR_DIRECTORY: something above it is none.
DWORD makeFolders(const std::wstring& path, std::wstring& first);

}  // namespace framepipe::win32
