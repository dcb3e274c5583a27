#include "win32/pipe_path.h"

#include <windows.h>

#include <wchar.h>

#include <algorithm>
#include <optional>

#include "win32/wide_string.h"

namespace framepipe::win32 {

namespace {

constexpr wchar_t kHere[] = L"\\\\.\\pipe\\";
constexpr size_t kHereLength = std::size(kHere) - 1;
constexpr wchar_t kFolder[] = L"\\pipe\\";
constexpr size_t kFolderLength = std::size(kFolder) - 1;

// What CreateFileW and CreateNamedPipeW would make of it; empty when nothing.
std::wstring resolved(const std::wstring& path) {
  std::wstring full(path.size() + MAX_PATH, L'\0');
  const DWORD length =
      GetFullPathNameW(path.c_str(), static_cast<DWORD>(full.size()), full.data(), /*filePart=*/nullptr);
  full.resize(length < full.size() ? length : 0);
  return full;
}

// \\host\pipe\name
bool isOnAnotherMachine(const std::wstring& path) {
  if (path.compare(0, 2, L"\\\\") != 0) return false;
  const size_t host_ends = path.find(L'\\', 2);
  if (host_ends == std::wstring::npos || host_ends == 2) return false;
  const std::wstring host = path.substr(2, host_ends - 2);
  if (host == L"." || host == L"?") return false;
  return _wcsnicmp(path.c_str() + host_ends, kFolder, kFolderLength) == 0 && path.size() > host_ends + kFolderLength;
}

}  // namespace

bool isOnThisMachine(const std::wstring& path) {
  return _wcsnicmp(path.c_str(), kHere, kHereLength) == 0 && path.size() > kHereLength;
}

std::wstring pipeName(const std::wstring& path) {
  return path.substr(kHereLength);
}

Outcome<std::wstring> pipePath(const std::string& path, const char* syscall) {
  const Failure refused{"EINVAL", syscall, ERROR_INVALID_NAME, "this is no name for a pipe"};
  std::optional<std::wstring> wide = widen(path);
  if (!wide || wide->find(L'\0') != std::wstring::npos) return refused;
  std::replace(wide->begin(), wide->end(), L'/', L'\\');
  if (!isOnThisMachine(*wide) && !isOnAnotherMachine(*wide)) return refused;
  if (resolved(*wide) != *wide) return refused;
  return std::move(*wide);
}

}  // namespace framepipe::win32
