#include "win32/pipe_connect.h"

#include "win32/current_user.h"
#include "win32/peer_state.h"
#include "win32/pipe_loop.h"
#include "win32/pipe_path.h"
#include "win32/thread_token.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

DWORD desiredAccess(Direction direction) {
  switch (direction) {
    case Direction::In:
      return GENERIC_READ;
    case Direction::Out:
      return GENERIC_WRITE | FILE_READ_ATTRIBUTES;
    default:
      return GENERIC_READ | GENERIC_WRITE;
  }
}

DWORD levelOf(ImpersonationLevel level) {
  switch (level) {
    case ImpersonationLevel::Anonymous:
      return SECURITY_ANONYMOUS;
    case ImpersonationLevel::Impersonation:
      return SECURITY_IMPERSONATION;
    case ImpersonationLevel::Delegation:
      return SECURITY_DELEGATION;
    default:
      return SECURITY_IDENTIFICATION;
  }
}

// Whether the server, which could act as us, has to be found to be whom serverOwner names before it may.
bool isTracked(const ConnectOptions& options) {
  return !options.server_owners.empty() && options.impersonation >= ImpersonationLevel::Impersonation;
}

// Static tracking: the server sees who we are when we connect; or dynamic tracking: it sees nobody until we write, and then
// whoever writes. Without SECURITY_SQOS_PRESENT it might act as us, whoever it is. Effective only: it can enable no privilege
// and no group of ours that is disabled.
DWORD qualityOfService(const ConnectOptions& options) {
  const DWORD tracking = isTracked(options) ? SECURITY_CONTEXT_TRACKING : 0;
  return SECURITY_SQOS_PRESENT | SECURITY_EFFECTIVE_ONLY | levelOf(options.impersonation) | tracking;
}

// Opens the pipe. To read messages apart from one another, a client that only reads needs FILE_WRITE_ATTRIBUTES as well,
// which GENERIC_READ has not; who reads raw bytes goes without if it is not let in so.
UniqueHandle open(const std::wstring& path, const ConnectOptions& options) {
  const auto with = [&](DWORD access) {
    return UniqueHandle(CreateFileW(path.c_str(), access, /*share=*/0, /*security=*/nullptr, OPEN_EXISTING,
                                    FILE_FLAG_OVERLAPPED | qualityOfService(options), /*template=*/nullptr));
  };
  const DWORD access = desiredAccess(options.direction);
  const bool raw = options.framing.kind == FramingKind::Raw;
  if (options.direction != Direction::In || !(raw || options.framing.kind == FramingKind::Message)) return with(access);
  UniqueHandle pipe = with(access | FILE_WRITE_ATTRIBUTES);
  return !pipe && raw && GetLastError() == ERROR_ACCESS_DENIED ? with(access) : std::move(pipe);
}

bool readMessages(HANDLE pipe) {
  DWORD mode = PIPE_READMODE_MESSAGE | PIPE_WAIT;
  return SetNamedPipeHandleState(pipe, &mode, /*maxCollectionCount=*/nullptr, /*collectDataTimeout=*/nullptr);
}

// What was opened may be anything that has a path; but only a pipe has a process at its other end.
Failure check(HANDLE pipe, const Peer& server, const ConnectOptions& options) {
  if (server.pid < 0 && GetFileType(pipe) != FILE_TYPE_PIPE) return {"EINVAL", "connect", 0, "this is not a pipe"};
  if (!options.server_owners.empty() && !isPipeOf(pipe, options.server_owners)) return untrustedServer();
  if (options.framing.kind != FramingKind::Message || readMessages(pipe)) return {};
  const DWORD error = GetLastError();
  return error == ERROR_INVALID_PARAMETER ? onlyOneEndUsesMessages(ERROR_INVALID_PARAMETER) : connectFailure(error);
}

// Read as bytes, a pipe of messages would hide the end: a read that finds bytes takes the empty message behind them along.
bool seesMessagesApart(HANDLE pipe, const ConnectOptions& options) {
  DWORD flags = 0;
  return options.framing.kind == FramingKind::Raw && options.direction != Direction::Out &&
         GetNamedPipeInfo(pipe, &flags, nullptr, nullptr, nullptr) && (flags & PIPE_TYPE_MESSAGE) != 0 &&
         readMessages(pipe);
}

}  // namespace

Outcome<PipeEnd> openPipe(const std::wstring& path, const ConnectOptions& options) {
  // We write as ourselves, and the server would take us for whom this thread acts as, or the other way round.
  if (isTracked(options) && !isItself())
    return Failure{
        "EINVAL", "connect", 0,
        "inside runAsClient a pipe is opened as the client, which serverOwner with this `impersonation` does not "
        "allow: let the server identify it only, or connect outside"};
  UniqueHandle pipe = open(path, options);
  if (!pipe) return connectFailure(GetLastError());
  const Peer server = peerOf(pipe.get(), /*server=*/false);
  if (const Failure failure = check(pipe.get(), server, options)) return failure;
  const bool remote = !isOnThisMachine(path);
  const bool reads_messages = seesMessagesApart(pipe.get(), options);
  return PipeEnd{.handle = std::move(pipe),
                 .peer = remote ? Peer{} : server,
                 .options = options,
                 .remote = remote,
                 .tracked = isTracked(options),
                 .reads_messages = reads_messages};
}

bool RemoteConnect::start() {
  if (call_.start(loop_.port(), attempted_.begin(shared_from_this()), [this] { pipe_ = openPipe(path_, options_); }))
    return true;
  attempted_.end();
  return false;
}

void RemoteConnect::attempted(const Completion&) {
  call_.join();
  Event event{.kind = Event::Kind::Settled, .id = request_, .failure = pipe_.failure};
  std::shared_ptr<Connection> connection;
  if (pipe_) {
    if (const DWORD error = loop_.port().associate(pipe_.value.handle.get()))
      event.failure = win32Failure(error, "connect");
    else
      connection = loop_.adopt(std::move(pipe_.value));
  }
  if (connection) {
    event.other = connection->id();
    event.result = static_cast<int64_t>(connection->id());
    event.opened = connection;
  } else if (!event.failure) {
    event.failure = environmentEnding("connect");
  }
  loop_.report(std::move(event));
  if (connection) connection->start();
  loop_.live().leave(this);
}

}  // namespace framepipe::win32
