// A failed operation, as a value: native code throws nothing. Any thread.
#pragma once
#include <cstdint>

#include "codec/frame_error.h"

namespace framepipe {

struct Failure {
  const char* code = nullptr;  // Node's code ("ENOENT") or ours ("ERR_PIPE_…"), a static string; null: it went well
  const char* syscall = nullptr;  // what was attempted, in Node's words ("connect"), static
  int32_t os = 0;  // errno, or GetLastError()
  const char* hint = nullptr;  // static: the cause or the cure where it is known, for the message
  FrameError frame = {};  // set when a frame was at fault

  static Failure of(const FrameError& error, const char* syscall) {
    return {error.code, syscall, 0, error.reason, error};
  }
  explicit operator bool() const { return code != nullptr; }
};

}  // namespace framepipe
