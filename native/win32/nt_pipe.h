// An instance of a pipe with just the rights that are asked for: CreateNamedPipeW always asks for reading or writing, and gives
// one that only writes no right to look at itself. Any thread.
#pragma once
#include <windows.h>

#include <string>

#include "core/loop_options.h"
#include "win32/security_descriptor.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

// NtCreateNamedPipeFile. `disposition`: FILE_CREATE, FILE_OPEN, FILE_OPEN_IF. Returns GetLastError().
DWORD createByNt(UniqueHandle& handle, const std::wstring& path, const ListenOptions& options,
                 const SecurityDescriptor& descriptor, ULONG access, ULONG disposition);

}  // namespace framepipe::win32
