// Named pipes, opened for overlapped calls, so that a call that waits too long can be ended.
#include "loops/peer.h"

#include <windows.h>

#include <algorithm>

#include "loops/check.h"
#include "loops/win32/opening.h"

namespace framepipe::test {

namespace {

HANDLE handleOf(RawPeer::Handle handle) {
  return reinterpret_cast<HANDLE>(handle);
}

// One overlapped call: how many bytes it moved, and the error that it ended with.
struct Call {
  DWORD count = 0;
  DWORD error = ERROR_SUCCESS;
};

template <class Begin>
Call finish(RawPeer::Handle pipe, int wait, Begin begin) {
  Call call;
  OVERLAPPED overlapped{};
  overlapped.hEvent = CreateEventW(nullptr, /*manual=*/TRUE, FALSE, nullptr);
  if (!begin(&overlapped)) call.error = GetLastError();
  if (call.error == ERROR_SUCCESS || call.error == ERROR_IO_PENDING || call.error == ERROR_MORE_DATA) {
    if (WaitForSingleObject(overlapped.hEvent, static_cast<DWORD>(wait)) != WAIT_OBJECT_0)
      CancelIoEx(handleOf(pipe), &overlapped);
    const BOOL ok = GetOverlappedResult(handleOf(pipe), &overlapped, &call.count, /*wait=*/TRUE);
    call.error = ok ? ERROR_SUCCESS : GetLastError();
  }
  CloseHandle(overlapped.hEvent);
  return call;
}

Call receive(RawPeer::Handle pipe, char* into, size_t room, int wait) {
  return finish(pipe, wait, [&](OVERLAPPED* overlapped) {
    return ReadFile(handleOf(pipe), into, static_cast<DWORD>(room), nullptr, overlapped);
  });
}

bool brings(const Call& call) {
  return call.error == ERROR_SUCCESS || call.error == ERROR_MORE_DATA;
}

RawPeer makeInstance(const std::string& path) {
  return RawPeer(reinterpret_cast<RawPeer::Handle>(
      CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
                       PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, nullptr)));
}

}  // namespace

RawPeer RawPeer::connect(const ListenOptions& served, int wait) {
  DWORD access = served.direction == Direction::In ? GENERIC_WRITE : GENERIC_READ;
  if (served.direction == Direction::Duplex) access |= GENERIC_WRITE;
  RawPeer peer;
  const ULONGLONG end = GetTickCount64() + static_cast<ULONGLONG>(wait);
  while (!(peer = openPipe(served.path, access)) && GetLastError() == ERROR_PIPE_BUSY && GetTickCount64() < end)
    Sleep(1);
  DWORD mode = PIPE_READMODE_MESSAGE;
  if (peer && served.framing.kind == FramingKind::Message)
    CHECK(SetNamedPipeHandleState(handleOf(peer.handle_), &mode, nullptr, nullptr));
  return peer;
}

bool RawPeer::write(std::string_view bytes, int wait) const {
  const Call call = finish(handle_, wait, [&](OVERLAPPED* overlapped) {
    return WriteFile(handleOf(handle_), bytes.data(), static_cast<DWORD>(bytes.size()), nullptr, overlapped);
  });
  return call.error == ERROR_SUCCESS && call.count == bytes.size();
}

std::string RawPeer::read(size_t count, int wait) const {
  std::string bytes(count, '\0');
  size_t got = 0;
  while (got < count) {
    const Call call = receive(handle_, bytes.data() + got, count - got, wait);
    if (!brings(call)) break;
    got += call.count;
  }
  bytes.resize(got);
  return bytes;
}

std::string RawPeer::readMessage() const {
  std::string bytes(1u << 20, '\0');
  const Call call = receive(handle_, bytes.data(), bytes.size(), kPatience);
  CHECK(call.error == ERROR_SUCCESS);
  bytes.resize(call.count);
  return bytes;
}

RawPeer::Rest RawPeer::readToEnd() const {
  std::string all, room(1u << 20, '\0');
  for (;;) {
    const Call call = receive(handle_, room.data(), room.size(), kPatience);
    all.append(room, 0, call.count);
    if (!brings(call)) return {std::move(all), call.error == ERROR_BROKEN_PIPE};
  }
}

void RawPeer::leave() {
  if (handle_ != kNone) CloseHandle(handleOf(std::exchange(handle_, kNone)));
}

RawServer::RawServer(const std::string& path) : waiting_(makeInstance(path)) {
  CHECK(waiting_);
}

RawPeer RawServer::accept() {
  const RawPeer::Handle pipe = handle();
  const Call call =
      finish(pipe, kPatience, [&](OVERLAPPED* overlapped) { return ConnectNamedPipe(handleOf(pipe), overlapped); });
  CHECK(call.error == ERROR_SUCCESS || call.error == ERROR_PIPE_CONNECTED);
  return std::move(waiting_);
}

}  // namespace framepipe::test
