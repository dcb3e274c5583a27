#include "win32/pipe_instance.h"

#include <winternl.h>

#include <algorithm>

#include "win32/nt_pipe.h"
#include "win32/peer_state.h"
#include "win32/pipe_listener.h"
#include "win32/port.h"

namespace framepipe::win32 {

namespace {

DWORD openMode(const ListenOptions& options, bool first) {
  DWORD mode = FILE_FLAG_OVERLAPPED | WRITE_DAC;  // WRITE_DAC: for setAccess()
  if (options.direction == Direction::Duplex) mode |= PIPE_ACCESS_DUPLEX;
  if (options.direction == Direction::In) mode |= PIPE_ACCESS_INBOUND;
  if (first) mode |= FILE_FLAG_FIRST_PIPE_INSTANCE;
  return mode;
}

DWORD pipeMode(const ListenOptions& options) {
  DWORD mode = PIPE_WAIT;
  mode |= options.framing.kind == FramingKind::Message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                                       : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE;
  mode |= options.allow_remote ? PIPE_ACCEPT_REMOTE_CLIENTS : PIPE_REJECT_REMOTE_CLIENTS;
  return mode;
}

}  // namespace

DWORD instanceLimit(const ListenOptions& options) {
  const bool unlimited = options.max_instances == 0 || !options.exclusive;
  return unlimited ? PIPE_UNLIMITED_INSTANCES : std::min<DWORD>(options.max_instances + 1, PIPE_UNLIMITED_INSTANCES);
}

DWORD PipeInstance::create(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor,
                           bool first) {
  if (options.direction == Direction::Out) {
    constexpr ULONG kAccess = GENERIC_WRITE | SYNCHRONIZE | WRITE_DAC | FILE_READ_ATTRIBUTES;
    return createByNt(handle_, path, options, descriptor, kAccess, first ? FILE_CREATE : FILE_OPEN_IF);
  }
  SECURITY_ATTRIBUTES attributes{sizeof attributes, descriptor.get(), /*bInheritHandle=*/FALSE};
  handle_ = UniqueHandle(CreateNamedPipeW(path.c_str(), openMode(options, first), pipeMode(options),
                                          instanceLimit(options), options.out_buffer, options.in_buffer,
                                          /*nDefaultTimeOut=*/0, &attributes));
  return handle_ ? ERROR_SUCCESS : GetLastError();
}

DWORD PipeInstance::waitForClient(Port& port) {
  const DWORD error = port.associate(handle_.get());
  if (error) return error;
  // Windows may forget who a client is that is there already when another one is asked for.
  if (hasClient(handle_.get())) {
    port.post(connect_.begin(shared_from_this()));
    return ERROR_SUCCESS;
  }
  if (ConnectNamedPipe(handle_.get(), connect_.begin(shared_from_this()))) return ERROR_SUCCESS;
  switch (const DWORD result = GetLastError()) {
    case ERROR_IO_PENDING:
      return ERROR_SUCCESS;
    case ERROR_PIPE_CONNECTED:  // a client came just now
    case ERROR_NO_DATA:         // and has even left again: what it wrote is still to be read
      port.post(connect_.begin(shared_from_this()));
      return ERROR_SUCCESS;
    default:
      connect_.end();
      return result;
  }
}

void PipeInstance::cancel() {
  CancelIoEx(handle_.get(), &connect_);
}

void PipeInstance::answered(const Completion& completion) {
  listener_->answered(*this, completion.error);
}

}  // namespace framepipe::win32
