// Opening a pipe that somebody serves.
#pragma once
#include <windows.h>

#include <memory>
#include <string>

#include "core/loop.h"
#include "core/outcome.h"
#include "win32/blocking_call.h"
#include "win32/live_set.h"
#include "win32/pipe_transport.h"

namespace framepipe::win32 {

class PipeLoop;

// Any thread. One attempt; quick, unless `path` leads to another machine.
Outcome<PipeEnd> openPipe(const std::wstring& path, const ConnectOptions& options);

// An attempt that may take seconds, on a thread of its own. Made and aborted on the JS thread, ends on the port thread.
class RemoteConnect final : public Live, public std::enable_shared_from_this<RemoteConnect> {
 public:
  RemoteConnect(PipeLoop& loop, std::wstring path, const ConnectOptions& options, Id request)
      : loop_(loop), path_(std::move(path)), options_(options), request_(request) {}

  bool start();
  void abort() noexcept override { call_.cancel(); }

 private:
  void attempted(const Completion&);  // port thread

  PipeLoop& loop_;
  const std::wstring path_;
  const ConnectOptions options_;
  const Id request_;
  OperationFor<std::shared_ptr<RemoteConnect>, &RemoteConnect::attempted> attempted_;
  BlockingCall call_;
  Outcome<PipeEnd> pipe_{Failure{"ECANCELED", "connect", ERROR_OPERATION_ABORTED}};
};

}  // namespace framepipe::win32
