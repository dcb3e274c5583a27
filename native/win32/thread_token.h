// Whom the calling thread acts as.
#pragma once
#include <windows.h>

#include "win32/unique_handle.h"

namespace framepipe::win32 {

// The token that it acts with; ERROR_NO_TOKEN: it is itself. As the process opens it: a client that may only be identified may
// not. Returns GetLastError().
inline DWORD threadToken(DWORD access, UniqueHandle& token) {
  return OpenThreadToken(GetCurrentThread(), access, /*OpenAsSelf=*/TRUE, token.out()) ? ERROR_SUCCESS : GetLastError();
}

// False also where that cannot be found out.
inline bool isItself() {
  UniqueHandle token;
  return threadToken(TOKEN_QUERY, token) == ERROR_NO_TOKEN;
}

}  // namespace framepipe::win32
