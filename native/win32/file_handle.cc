#include "win32/file_handle.h"

#include <winternl.h>

#include "win32/nt_path.h"
#include "win32/ntdll.h"

namespace framepipe::win32 {

namespace {

// In winternl.h for those alone who link with ntdll.lib.
using CreateFileByNt = NTSTATUS(NTAPI*)(HANDLE* file, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes,
                                        IO_STATUS_BLOCK* status, LARGE_INTEGER* size, ULONG file_attributes,
                                        ULONG share, ULONG disposition, ULONG options, void* extended,
                                        ULONG extended_length);

constexpr NTSTATUS kDeletePending = static_cast<NTSTATUS>(0xC0000056);
// FILE_DISPOSITION_INFO_EX: headers have it for those alone who need a later Windows than we do.
constexpr auto kDispositionEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(21);
constexpr DWORD kDelete = 0x01, kPosixSemantics = 0x02, kIgnoreReadOnly = 0x10;
struct DispositionEx {
  DWORD flags;
};

constexpr ULONG kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr size_t kLongestName = MAXWORD / sizeof(wchar_t);

DWORD open(HANDLE folder, UNICODE_STRING* name, const Opening& opening, UniqueHandle& file, bool* made) {
  static const auto create_file = ntdll<CreateFileByNt>("NtCreateFile");
  if (!create_file) return ERROR_PROC_NOT_FOUND;
  SECURITY_QUALITY_OF_SERVICE anonymous{sizeof anonymous, SecurityAnonymous, SECURITY_STATIC_TRACKING, FALSE};
  OBJECT_ATTRIBUTES attributes{};
  attributes.Length = sizeof attributes;
  attributes.RootDirectory = folder;
  attributes.ObjectName = name;
  attributes.Attributes = OBJ_CASE_INSENSITIVE;
  attributes.SecurityQualityOfService = &anonymous;
  IO_STATUS_BLOCK status{};
  HANDLE opened = nullptr;
  const NTSTATUS result =
      create_file(&opened, opening.access | SYNCHRONIZE, &attributes, &status, /*size=*/nullptr, FILE_ATTRIBUTE_NORMAL,
                  kShareAll, opening.creates ? FILE_OPEN_IF : FILE_OPEN, opening.options | FILE_SYNCHRONOUS_IO_NONALERT,
                  /*extended=*/nullptr, /*extended_length=*/0);
  if (result == kDeletePending) return ERROR_DELETE_PENDING;
  if (result < 0) return win32Error(result);
  file = UniqueHandle(opened);
  if (made) *made = status.Information == FILE_CREATED;
  return ERROR_SUCCESS;
}

}  // namespace

DWORD openByPath(const std::wstring& path, const Opening& opening, UniqueHandle& file) {
  if (path.size() > kLongestName) return ERROR_FILENAME_EXCED_RANGE;
  NtPath name(path);
  return name ? open(/*folder=*/nullptr, name.get(), opening, file, /*made=*/nullptr) : ERROR_INVALID_NAME;
}

DWORD openIn(HANDLE folder, const std::wstring& name, const Opening& opening, UniqueHandle& file, bool* made) {
  // A file server may lie about the names in a folder: this one would lead through another.
  if (name.find_first_of(L"\\/") != std::wstring::npos) return ERROR_INVALID_NAME;
  if (name.size() > kLongestName) return ERROR_FILENAME_EXCED_RANGE;
  UNICODE_STRING text{};
  text.Length = text.MaximumLength = static_cast<USHORT>(name.size() * sizeof(wchar_t));
  text.Buffer = const_cast<wchar_t*>(name.c_str());
  return open(folder, &text, opening, file, made);
}

bool isMissing(DWORD error) {
  return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND || error == ERROR_DELETE_PENDING;
}

DWORD checkFolder(HANDLE file, bool& is_folder) {
  FILE_BASIC_INFO found{};
  if (!GetFileInformationByHandleEx(file, FileBasicInfo, &found, sizeof found)) return GetLastError();
  is_folder = isFolder(found.FileAttributes);
  return ERROR_SUCCESS;
}

DWORD removeFile(HANDLE file) {
  DispositionEx at_once{kDelete | kPosixSemantics | kIgnoreReadOnly};
  if (SetFileInformationByHandle(file, kDispositionEx, &at_once, sizeof at_once)) return ERROR_SUCCESS;
  const DWORD error = GetLastError();
  const bool unknown =
      error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_FUNCTION;
  return unknown ? removeOnClose(file) : error;
}

DWORD removeOnClose(HANDLE file) {
  FILE_BASIC_INFO found{};
  if (!GetFileInformationByHandleEx(file, FileBasicInfo, &found, sizeof found)) return GetLastError();
  if (found.FileAttributes & FILE_ATTRIBUTE_READONLY) {
    const UniqueHandle same(
        ReOpenFile(file, FILE_WRITE_ATTRIBUTES, kShareAll, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT));
    FILE_BASIC_INFO writable{};  // times of 0 stay as they are
    writable.FileAttributes = (found.FileAttributes & ~DWORD{FILE_ATTRIBUTE_READONLY}) | FILE_ATTRIBUTE_NORMAL;
    if (!same || !SetFileInformationByHandle(same.get(), FileBasicInfo, &writable, sizeof writable))
      return GetLastError();
  }
  FILE_DISPOSITION_INFO on_close{TRUE};
  return SetFileInformationByHandle(file, FileDispositionInfo, &on_close, sizeof on_close) ? ERROR_SUCCESS
                                                                                           : GetLastError();
}

}  // namespace framepipe::win32
