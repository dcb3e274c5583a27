// A raw peer with rights and flags of its own: one attempt, and GetLastError().
#pragma once
#include <windows.h>

#include "loops/peer.h"

namespace framepipe::test {

inline RawPeer openPipe(const std::string& path, DWORD access = GENERIC_READ | GENERIC_WRITE, DWORD flags = 0) {
  return RawPeer(reinterpret_cast<RawPeer::Handle>(
      CreateFileA(path.c_str(), access, 0, nullptr, OPEN_EXISTING, flags | FILE_FLAG_OVERLAPPED, nullptr)));
}

}  // namespace framepipe::test
