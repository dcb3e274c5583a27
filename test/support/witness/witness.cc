// What Windows itself says of pipes and of this process, and the other end of a pipe without framepipe: for tests.
// JS thread only, which waits; but not for ever. What fails gives a negative number: GetLastError(), negated.
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include "tokens.h"
#include "value.h"

namespace witness {

namespace {

HANDLE handleOf(double number) {
  return reinterpret_cast<HANDLE>(static_cast<intptr_t>(number));
}
double numberOf(HANDLE handle) {
  return static_cast<double>(reinterpret_cast<intptr_t>(handle));
}
double failed(DWORD error = GetLastError()) {
  return -static_cast<double>(error);
}

// Each that could be one is looked at, because Wine does not count.
DWORD countHandles() {
  constexpr intptr_t kLast = 0x20000;
  DWORD count = 0, flags = 0;
  for (intptr_t handle = 4; handle < kLast; handle += 4)
    if (GetHandleInformation(reinterpret_cast<HANDLE>(handle), &flags)) ++count;
  return count;
}

// handleCount(): those of this process.
napi_value handleCount(napi_env env, napi_callback_info info) {
  DWORD count = 0;
  if (!GetProcessHandleCount(GetCurrentProcess(), &count) || count == 0) count = countHandles();
  return Call(env, info).of(count);
}

std::wstring textOf(PSID sid) {
  wchar_t* text = nullptr;
  if (!ConvertSidToStringSidW(sid, &text)) return L"?";
  const std::wstring result = text;
  LocalFree(text);
  return result;
}

// ownSid(): whom this process runs as.
napi_value ownSid(napi_env env, napi_callback_info info) {
  HANDLE token = nullptr;
  alignas(8) BYTE user[256];
  DWORD length = 0;
  OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
  const BOOL known = GetTokenInformation(token, TokenUser, user, sizeof user, &length);
  CloseHandle(token);
  return Call(env, info).of(known ? textOf(reinterpret_cast<TOKEN_USER*>(user)->User.Sid) : L"?");
}

// ownOwner(): whom the things belong to that it makes.
napi_value ownOwner(napi_env env, napi_callback_info info) {
  HANDLE token = nullptr;
  alignas(8) BYTE owner[256];
  DWORD length = 0;
  OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
  const BOOL known = GetTokenInformation(token, TokenOwner, owner, sizeof owner, &length);
  CloseHandle(token);
  return Call(env, info).of(known ? textOf(reinterpret_cast<TOKEN_OWNER*>(owner)->Owner) : L"?");
}

// actAs(user, groups, fn): what fn returns or throws, called with this thread being that user.
napi_value actAs(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const HANDLE token = tokenOf(call.text(0), call.texts(1));
  if (!token || !SetThreadToken(nullptr, token)) {
    napi_throw_error(env, nullptr, ("no such token: " + std::to_string(GetLastError())).c_str());
    return nullptr;
  }
  napi_value undefined, result = nullptr;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, call[2], 0, nullptr, &result);
  RevertToSelf();
  CloseHandle(token);
  return result;
}

// createPipe(path, openMode, pipeMode, maxInstances, sddl): a handle. Empty sddl: what Windows does by default.
napi_value createPipe(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  SECURITY_ATTRIBUTES attributes{sizeof attributes, nullptr, FALSE};
  const std::wstring sddl = call.text(4);
  if (!sddl.empty()) {
    takeRestorePrivilege();
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl.c_str(), SDDL_REVISION_1,
                                                              &attributes.lpSecurityDescriptor, nullptr))
      return call.of(failed());
  }
  const HANDLE pipe = CreateNamedPipeW(call.text(0).c_str(), static_cast<DWORD>(call.number(1)) | FILE_FLAG_OVERLAPPED,
                                       static_cast<DWORD>(call.number(2)), static_cast<DWORD>(call.number(3)), 65536,
                                       65536, 0, &attributes);
  const DWORD error = GetLastError();
  LocalFree(attributes.lpSecurityDescriptor);
  return call.of(pipe == INVALID_HANDLE_VALUE ? failed(error) : numberOf(pipe));
}

// open(path, access, flags, readMode): a handle. readMode 2: messages.
napi_value open(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const HANDLE pipe = CreateFileW(call.text(0).c_str(), static_cast<DWORD>(call.number(1)), 0, nullptr, OPEN_EXISTING,
                                  static_cast<DWORD>(call.number(2)) | FILE_FLAG_OVERLAPPED, nullptr);
  if (pipe == INVALID_HANDLE_VALUE) return call.of(failed());
  DWORD mode = static_cast<DWORD>(call.number(3));
  if (mode && !SetNamedPipeHandleState(pipe, &mode, nullptr, nullptr)) {
    const DWORD error = GetLastError();
    CloseHandle(pipe);
    return call.of(failed(error));
  }
  return call.of(numberOf(pipe));
}

napi_value close(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  return call.of(CloseHandle(handleOf(call.number(0))) ? 0 : failed());
}

constexpr DWORD kPatience = 10'000;

// Waits for a read or write that was begun; what takes too long is cancelled.
double finished(HANDLE pipe, BOOL done, OVERLAPPED& overlapped) {
  DWORD bytes = 0;
  DWORD error = done ? ERROR_SUCCESS : GetLastError();
  if (error == ERROR_SUCCESS || error == ERROR_IO_PENDING) {
    const bool late = WaitForSingleObject(overlapped.hEvent, kPatience) == WAIT_TIMEOUT;
    if (late) CancelIoEx(pipe, &overlapped);
    error = GetOverlappedResult(pipe, &overlapped, &bytes, /*wait=*/TRUE) ? ERROR_SUCCESS : GetLastError();
    if (late && error == ERROR_OPERATION_ABORTED) error = WAIT_TIMEOUT;
  }
  CloseHandle(overlapped.hEvent);
  return error ? failed(error) : static_cast<double>(bytes);
}

// write(handle, bytes): how many were written.
napi_value write(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const std::span<uint8_t> bytes = call.bytes(1);
  const HANDLE pipe = handleOf(call.number(0));
  OVERLAPPED overlapped{};
  overlapped.hEvent = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  const BOOL done = WriteFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), nullptr, &overlapped);
  return call.of(finished(pipe, done, overlapped));
}

// read(handle, buffer): how many bytes were read into it.
napi_value read(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const std::span<uint8_t> bytes = call.bytes(1);
  const HANDLE pipe = handleOf(call.number(0));
  OVERLAPPED overlapped{};
  overlapped.hEvent = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  const BOOL done = ReadFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), nullptr, &overlapped);
  return call.of(finished(pipe, done, overlapped));
}

// All kinds of entries that may be met here have the same form.
std::wstring linesOf(PSID owner, ACL* acl, SECURITY_DESCRIPTOR_CONTROL control) {
  std::wstring lines = L"owner " + textOf(owner);
  if (control & SE_DACL_PROTECTED) lines += L"\nprotected";
  for (WORD i = 0; acl && i < acl->AceCount; ++i) {
    void* found = nullptr;
    if (!GetAce(acl, i, &found)) continue;
    auto* ace = static_cast<ACCESS_ALLOWED_ACE*>(found);
    lines += L"\n" + std::to_wstring(ace->Header.AceType) + L" " + std::to_wstring(ace->Header.AceFlags) + L" " +
             std::to_wstring(ace->Mask) + L" " + textOf(&ace->SidStart);
  }
  return acl ? lines : lines + L"\nopen";
}

// descriptor(path): lines: "owner SID", "protected", "open" (no list: anybody may do anything), and for each entry of
// the list "type flags mask SID". Takes up an instance of the pipe for a moment.
napi_value descriptor(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const HANDLE pipe = CreateFileW(call.text(0).c_str(), READ_CONTROL, 0, nullptr, OPEN_EXISTING, 0, nullptr);
  if (pipe == INVALID_HANDLE_VALUE) return call.of(failed());
  PSECURITY_DESCRIPTOR found = nullptr;
  PSID owner = nullptr;
  ACL* acl = nullptr;
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  DWORD revision = 0;
  const DWORD error = GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                      &owner, /*group=*/nullptr, &acl, /*sacl=*/nullptr, &found);
  CloseHandle(pipe);
  if (error || !owner || !GetSecurityDescriptorControl(found, &control, &revision)) return call.of(failed(error));
  const napi_value result = call.of(linesOf(owner, acl, control));
  LocalFree(found);
  return result;
}

// pipeInfo(handle, buffer of six 32-bit numbers): flags, out and in buffer, greatest and current number of instances.
napi_value pipeInfo(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  auto* numbers = reinterpret_cast<DWORD*>(call.bytes(1).data());
  const HANDLE pipe = handleOf(call.number(0));
  if (!GetNamedPipeInfo(pipe, numbers, numbers + 1, numbers + 2, numbers + 3) ||
      !GetNamedPipeHandleStateW(pipe, nullptr, numbers + 4, nullptr, nullptr, nullptr, 0))
    return call.of(failed());
  return call.of(0);
}

// clientLevel(handle): how far this server may act as its client: 0 (anonymous) … 3 (delegation).
napi_value clientLevel(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  if (!ImpersonateNamedPipeClient(handleOf(call.number(0)))) return call.of(failed());
  HANDLE token = nullptr;
  const BOOL opened = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, /*OpenAsSelf=*/TRUE, &token);
  const DWORD error = GetLastError();
  RevertToSelf();
  if (!opened) return call.of(error == ERROR_CANT_OPEN_ANONYMOUS ? 0 : failed(error));
  SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
  DWORD length = 0;
  GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof level, &length);
  CloseHandle(token);
  return call.of(level);
}

// clientSid(handle): the user whom this server would act as.
napi_value clientSid(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  if (!ImpersonateNamedPipeClient(handleOf(call.number(0)))) return call.of(failed());
  HANDLE token = nullptr;
  alignas(8) BYTE user[256];
  DWORD length = 0;
  OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, /*OpenAsSelf=*/TRUE, &token);
  RevertToSelf();
  const BOOL known = GetTokenInformation(token, TokenUser, user, sizeof user, &length);
  const DWORD error = GetLastError();
  CloseHandle(token);
  return known ? call.of(textOf(reinterpret_cast<TOKEN_USER*>(user)->User.Sid)) : call.of(failed(error));
}

napi_value start(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"handleCount", nullptr, handleCount, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"ownSid", nullptr, ownSid, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"ownOwner", nullptr, ownOwner, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"actAs", nullptr, actAs, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"createPipe", nullptr, createPipe, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"open", nullptr, open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"close", nullptr, close, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"write", nullptr, write, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"read", nullptr, read, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"descriptor", nullptr, descriptor, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"pipeInfo", nullptr, pipeInfo, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"clientSid", nullptr, clientSid, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"clientLevel", nullptr, clientLevel, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}

}  // namespace

NAPI_MODULE(witness, start)

}  // namespace witness
