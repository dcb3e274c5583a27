// One call of libuv's file functions, on the calling thread. Any thread.
#pragma once
#include <uv.h>

#include "core/failure.h"

namespace framepipe {

class FsRequest {
 public:
  FsRequest() = default;
  FsRequest(const FsRequest&) = delete;
  FsRequest& operator=(const FsRequest&) = delete;
  ~FsRequest() {
    if (called_) uv_fs_req_cleanup(&request_);
  }

  // call(uv_fs_open, path, flags, mode): without loop and callback. Returns what libuv returns. Once for each request.
  template <class Function, class... Arguments>
  int call(Function function, Arguments... arguments) {
    called_ = true;
    return function(nullptr, &request_, arguments..., nullptr);
  }

  uv_fs_t* operator->() { return &request_; }
  uv_fs_t* get() { return &request_; }

  Failure failure(const char* syscall) const {
    const int error = static_cast<int>(uv_fs_get_result(&request_));
    return {uv_err_name(error), syscall, uv_fs_get_system_error(&request_), uv_strerror(error), {}};
  }

 private:
  uv_fs_t request_{};
  bool called_ = false;
};

}  // namespace framepipe
