#include "win32/peer_state.h"

#include <winternl.h>

#include "win32/ntdll.h"

namespace framepipe::win32 {

namespace {

using ComputerName = BOOL(WINAPI*)(HANDLE, WCHAR*, ULONG);

bool comesFromElsewhere(HANDLE pipe) {
  // Not linked against: Wine lacks it, and remote clients.
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  const auto ask = kernel ? reinterpret_cast<ComputerName>(
                                reinterpret_cast<void*>(GetProcAddress(kernel, "GetNamedPipeClientComputerNameW")))
                          : nullptr;
  if (!ask) return false;
  WCHAR name[256] = {};
  const bool named = ask(pipe, name, sizeof name);
  return !isLocalClient(named, GetLastError());
}

}  // namespace

Peer peerOf(HANDLE pipe, bool server) {
  if (server && comesFromElsewhere(pipe)) return {};
  ULONG process = 0, session = 0;
  Peer peer;
  if (server ? GetNamedPipeClientProcessId(pipe, &process) : GetNamedPipeServerProcessId(pipe, &process))
    peer.pid = process;
  if (server ? GetNamedPipeClientSessionId(pipe, &session) : GetNamedPipeServerSessionId(pipe, &session))
    peer.session = session;
  return peer;
}

namespace {

// FilePipeLocalInformation, documented in the driver kit only.
constexpr int kPipeLocalInformation = 24;
struct PipeLocalInformation {
  ULONG type, configuration, maximum_instances, current_instances;
  ULONG inbound_quota, read_data_available, outbound_quota, write_quota_available;
  ULONG state, end;
};
constexpr ULONG kConnected = 3, kClosing = 4;
// STATUS_PIPE_DISCONNECTED, after the server's DisconnectNamedPipe(), and STATUS_PIPE_BROKEN.
constexpr NTSTATUS kPipeDisconnected = static_cast<NTSTATUS>(0xC00000B0);
constexpr NTSTATUS kPipeBroken = static_cast<NTSTATUS>(0xC000014B);

using QueryInformationFile = NTSTATUS(NTAPI*)(HANDLE, IO_STATUS_BLOCK*, void*, ULONG, int);

NTSTATUS look(HANDLE pipe, PipeLocalInformation& information) {
  const auto query = ntdll<QueryInformationFile>("NtQueryInformationFile");
  if (!query) return static_cast<NTSTATUS>(0xC0000002);  // STATUS_NOT_IMPLEMENTED
  IO_STATUS_BLOCK status{};
  return query(pipe, &status, &information, sizeof information, kPipeLocalInformation);
}

}  // namespace

bool hasClient(HANDLE instance) {
  PipeLocalInformation information{};
  return look(instance, information) == 0 && (information.state == kConnected || information.state == kClosing);
}

std::optional<bool> peerLeft(HANDLE pipe) {
  PipeLocalInformation information{};
  const NTSTATUS result = look(pipe, information);
  if (result == kPipeDisconnected || result == kPipeBroken) return true;
  if (result != 0) return std::nullopt;
  return information.state != kConnected;
}

}  // namespace framepipe::win32
