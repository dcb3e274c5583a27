#include "win32/folder_making.h"

#include <winternl.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "win32/file_handle.h"

namespace framepipe::win32 {

namespace {

// How often what others do at the same time may make us begin again.
constexpr int kAttempts = 64;

constexpr const wchar_t* kSeparators = L"\\/";

// How much of a full path is the root, above which there is nothing: "C:\", "\\server\share\", and both with "\\?\".
size_t rootLength(std::wstring_view path) {
  constexpr std::wstring_view kUnc = L"\\\\?\\UNC\\", kAsItIs = L"\\\\?\\", kDevice = L"\\\\.\\", kShare = L"\\\\";
  size_t end = 0;
  int names = 1;
  if (path.starts_with(kUnc)) {
    end = kUnc.size(), names = 2;
  } else if (path.starts_with(kAsItIs) || path.starts_with(kDevice)) {
    end = kAsItIs.size();
  } else if (path.starts_with(kShare)) {
    end = kShare.size(), names = 2;
  }
  for (; names > 0; --names) {
    end = path.find_first_of(kSeparators, end);
    if (end == std::wstring_view::npos) return path.size();
    ++end;
  }
  return end;
}

// The path up to its last name, which is not in its root.
std::wstring above(const std::wstring& path, size_t root) {
  const size_t separator = path.find_last_of(kSeparators, path.find_last_not_of(kSeparators));
  const size_t end = path.find_last_not_of(kSeparators, separator);
  return path.substr(0, std::max(end + 1, root));
}

std::wstring nameOf(const std::wstring& path) {
  const size_t end = path.find_last_not_of(kSeparators);
  const size_t begin = path.find_last_of(kSeparators, end) + 1;
  return path.substr(begin, end + 1 - begin);
}

// `again`: somebody removed a part of it meanwhile.
DWORD makeAll(const std::wstring& path, std::wstring& first, bool& again) {
  const size_t root = rootLength(path);
  std::vector<std::wstring> wanted;  // the last one comes first
  UniqueHandle at;
  DWORD error = openByPath(path, {FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE}, at);
  if (error == ERROR_DIRECTORY) return ERROR_ALREADY_EXISTS;
  for (std::wstring there = path; isMissing(error) && there.size() > root;) {
    wanted.push_back(there);
    there = above(there, root);
    error = openByPath(there, {FILE_ADD_SUBDIRECTORY, FILE_DIRECTORY_FILE}, at);
  }
  if (error) return error;
  for (; !wanted.empty(); wanted.pop_back()) {
    const DWORD occupied = wanted.size() == 1 ? ERROR_ALREADY_EXISTS : ERROR_DIRECTORY;
    UniqueHandle next;
    bool made = false;
    const Opening opening{FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT, /*creates=*/true};
    error = openIn(at.get(), nameOf(wanted.back()), opening, next, &made);
    again = isMissing(error);
    if (error) return error == ERROR_DIRECTORY ? occupied : error;
    if (made && first.empty()) first = wanted.back();
    bool is_folder = false;
    if ((error = checkFolder(next.get(), is_folder))) return error;
    if (!is_folder) return occupied;
    at = std::move(next);
  }
  return ERROR_SUCCESS;
}

}  // namespace

DWORD makeFolders(const std::wstring& path, std::wstring& first) {
  for (int attempts = 1;; ++attempts) {
    bool again = false;
    const DWORD error = makeAll(path, first, again);
    if (!again || attempts == kAttempts) return error == ERROR_DELETE_PENDING ? ERROR_ACCESS_DENIED : error;
  }
}

}  // namespace framepipe::win32
