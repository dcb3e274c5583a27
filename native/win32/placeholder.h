// An instance that holds a served name and admits nobody. While it is there, the name is its server's, whether or not
// there is an instance for a client. Under the listener's lock. Its functions return GetLastError().
#pragma once
#include <windows.h>

#include <string>

#include "core/loop_options.h"
#include "win32/security_descriptor.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class Placeholder {
 public:
  // The first instance of a new pipe; with `exclusive: false` also a further one of a pipe that this user has already,
  // if it is of the same kind.
  DWORD take(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor);

  // Of the pipe that the listener has an instance of.
  DWORD join(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor);

  void letGo() { handle_.reset(); }
  explicit operator bool() const { return bool(handle_); }
  HANDLE handle() const { return handle_.get(); }  // may change the pipe's descriptor

 private:
  UniqueHandle handle_;
};

}  // namespace framepipe::win32
