#include "win32/nt_pipe.h"

#include <winternl.h>

#include "win32/nt_path.h"
#include "win32/ntdll.h"
#include "win32/pipe_instance.h"

namespace framepipe::win32 {

namespace {

// Documented in the driver kit only, as are its numbers.
using CreateNamedPipeFile = NTSTATUS(NTAPI*)(HANDLE* pipe, ULONG access, OBJECT_ATTRIBUTES* attributes,
                                             IO_STATUS_BLOCK* status, ULONG share, ULONG disposition, ULONG options,
                                             ULONG type, ULONG read_mode, ULONG completion_mode, ULONG instances,
                                             ULONG in_buffer, ULONG out_buffer, LARGE_INTEGER* default_timeout);

constexpr ULONG kMessageType = 1, kRejectRemoteClients = 2;
constexpr LONGLONG kDefaultTimeout = -500'000;  // 50 ms, which CreateNamedPipeW makes of 0

// As CreateNamedPipeW writes the direction down: what clients may do.
ULONG shareOf(Direction direction) {
  if (direction == Direction::In) return FILE_SHARE_WRITE;
  if (direction == Direction::Out) return FILE_SHARE_READ;
  return FILE_SHARE_READ | FILE_SHARE_WRITE;
}

ULONG typeOf(const ListenOptions& options) {
  return (options.framing.kind == FramingKind::Message ? kMessageType : 0) |
         (options.allow_remote ? 0 : kRejectRemoteClients);
}

}  // namespace

DWORD createByNt(UniqueHandle& handle, const std::wstring& path, const ListenOptions& options,
                 const SecurityDescriptor& descriptor, ULONG access, ULONG disposition) {
  const auto create_pipe = ntdll<CreateNamedPipeFile>("NtCreateNamedPipeFile");
  if (!create_pipe) return ERROR_PROC_NOT_FOUND;

  NtPath name(path);
  if (!name) return ERROR_INVALID_NAME;
  OBJECT_ATTRIBUTES attributes{};
  attributes.Length = sizeof attributes;
  attributes.ObjectName = name.get();
  attributes.Attributes = OBJ_CASE_INSENSITIVE;
  attributes.SecurityDescriptor = descriptor.get();

  const DWORD limit = instanceLimit(options);
  IO_STATUS_BLOCK status{};
  LARGE_INTEGER default_timeout{.QuadPart = kDefaultTimeout};
  HANDLE made = nullptr;
  const NTSTATUS result = create_pipe(&made, access, &attributes, &status, shareOf(options.direction), disposition,
                                      /*options=*/0, typeOf(options), /*read_mode=*/0, /*completion_mode=*/0,
                                      limit == PIPE_UNLIMITED_INSTANCES ? MAXDWORD : limit, options.in_buffer,
                                      options.out_buffer, &default_timeout);
  if (result < 0) return win32Error(result);
  handle = UniqueHandle(made);
  return ERROR_SUCCESS;
}

}  // namespace framepipe::win32
