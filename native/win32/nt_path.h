// A path as the kernel takes it. Any thread.
#pragma once
#include <windows.h>
#include <winternl.h>

#include <string>

#include "win32/ntdll.h"

namespace framepipe::win32 {

class NtPath {
 public:
  // False, and empty, when it is no path.
  explicit NtPath(const std::wstring& path) {
    using ToNtPath = BOOLEAN(NTAPI*)(const wchar_t* path, UNICODE_STRING* nt_path, wchar_t** file_part, void* relative);
    const auto to_nt_path = ntdll<ToNtPath>("RtlDosPathNameToNtPathName_U");
    valid_ = to_nt_path && to_nt_path(path.c_str(), &name_, /*file_part=*/nullptr, /*relative=*/nullptr);
  }
  NtPath(const NtPath&) = delete;
  NtPath& operator=(const NtPath&) = delete;
  ~NtPath() {
    using FreeString = void(NTAPI*)(UNICODE_STRING * string);
    const auto free_string = ntdll<FreeString>("RtlFreeUnicodeString");
    if (valid_ && free_string) free_string(&name_);
  }

  UNICODE_STRING* get() { return &name_; }
  explicit operator bool() const { return valid_; }

 private:
  UNICODE_STRING name_{};
  bool valid_;
};

// GetLastError() for a status that is a failure.
inline DWORD win32Error(NTSTATUS status) {
  using ToWin32Error = ULONG(NTAPI*)(NTSTATUS status);
  const auto to_win32_error = ntdll<ToWin32Error>("RtlNtStatusToDosError");
  return to_win32_error ? to_win32_error(status) : ERROR_PROC_NOT_FOUND;
}

}  // namespace framepipe::win32
