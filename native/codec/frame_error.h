// Why a frame was refused. Any thread.
#pragma once
#include <cstdint>

namespace framepipe {

struct FrameError {
  const char* code = nullptr;  // "ERR_FRAME_TOO_LARGE", "ERR_FRAME_TRUNCATED" or "ERR_FRAME_INVALID"; null: no error
  const char* reason = nullptr;  // static text that names the cause
  uint64_t declared = 0;  // bytes that were declared or given
  uint64_t limit = 0;  // bytes that are allowed, or that had arrived
  uint64_t position = 0;  // where the frame begins, in bytes since the stream began

  explicit operator bool() const { return code != nullptr; }
};

}  // namespace framepipe
