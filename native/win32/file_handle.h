// Files and folders by handle: what a handle is of stays the same, whatever others put in the place of a name. Any thread.
#pragma once
#include <windows.h>

#include <string>

#include "win32/unique_handle.h"

namespace framepipe::win32 {

// Of NtCreateFile. The server of a pipe that is opened like this learns nobody's identity.
struct Opening {
  ULONG access;
  ULONG options = 0;
  bool creates = false;  // what is not there yet
};

// By a full path, whose links are followed (the last one not, with FILE_OPEN_REPARSE_POINT). Returns GetLastError();
// ERROR_DELETE_PENDING: it goes with the last handle that others have of it.
DWORD openByPath(const std::wstring& path, const Opening& opening, UniqueHandle& file);

// By its name in a folder. `made`: whether it was not there yet.
DWORD openIn(HANDLE folder, const std::wstring& name, const Opening& opening, UniqueHandle& file, bool* made = nullptr);

// Whether there is none of that name (any more).
bool isMissing(DWORD error);

// By the attributes. A reparse point (a junction, a symbolic link) is no folder.
inline bool isFolder(DWORD attributes) {
  constexpr DWORD kBoth = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
  return (attributes & kBoth) == FILE_ATTRIBUTE_DIRECTORY;
}

// The same of a handle, with FILE_READ_ATTRIBUTES. Returns GetLastError().
DWORD checkFolder(HANDLE file, bool& is_folder);

// Takes its name away, also when it is read-only; a folder must be empty. Returns GetLastError(). DELETE.
DWORD removeFile(HANDLE file);

// The same on file systems (FAT, others' servers, Windows before 10.0.17763) on which it goes when all handles are closed.
DWORD removeOnClose(HANDLE file);

}  // namespace framepipe::win32
