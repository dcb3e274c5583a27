// Any thread.
#pragma once
#include <uv.h>
#include <windows.h>

#include "core/failure.h"

namespace framepipe::win32 {

// By Node's names, as libuv's file functions tell it.
inline Failure fileFailure(DWORD os, const char* syscall) {
  const int error = uv_translate_sys_error(static_cast<int>(os));
  return {uv_err_name(error), syscall, static_cast<int32_t>(os), uv_strerror(error), {}};
}

}  // namespace framepipe::win32
