#include "win32/placeholder.h"

#include <winternl.h>

#include "win32/current_user.h"
#include "win32/nt_pipe.h"

namespace framepipe::win32 {

namespace {

// An instance that may neither read nor write is, says Windows, disconnected until somebody has it listen.
// READ_CONTROL and FILE_READ_ATTRIBUTES: to see whose pipe it is, and of which kind. WRITE_DAC, and WRITE_OWNER for labels: for
// setAccess(). A pipe that is there already may have a descriptor that keeps its owner from the latter.
constexpr ULONG kAccess = SYNCHRONIZE | READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES;

DWORD create(UniqueHandle& handle, const std::wstring& path, const ListenOptions& options,
             const SecurityDescriptor& descriptor, ULONG disposition) {
  const DWORD error = createByNt(handle, path, options, descriptor, kAccess | WRITE_OWNER, disposition);
  if (error != ERROR_ACCESS_DENIED || disposition == FILE_CREATE) return error;
  return createByNt(handle, path, options, descriptor, kAccess, disposition);
}

// Windows lets an instance of messages join a pipe of bytes, where it would lose its boundaries.
bool isOfThisKind(HANDLE pipe, const ListenOptions& options) {
  DWORD flags = 0;
  return GetNamedPipeInfo(pipe, &flags, /*outBuffer=*/nullptr, /*inBuffer=*/nullptr, /*maxInstances=*/nullptr) &&
         (options.framing.kind == FramingKind::Message) == ((flags & PIPE_TYPE_MESSAGE) != 0);
}

}  // namespace

DWORD Placeholder::take(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor) {
  UniqueHandle handle;
  if (const DWORD error = create(handle, path, options, descriptor, options.exclusive ? FILE_CREATE : FILE_OPEN_IF))
    return error;
  // Sharing a name means sharing it with this user's other processes, not with whoever came first.
  if (!options.exclusive && !(isOwnPipe(handle.get()) && isOfThisKind(handle.get(), options)))
    return ERROR_ACCESS_DENIED;
  handle_ = std::move(handle);
  return ERROR_SUCCESS;
}

DWORD Placeholder::join(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor) {
  return create(handle_, path, options, descriptor, FILE_OPEN);
}

}  // namespace framepipe::win32
