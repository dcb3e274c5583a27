// Waiting until a pipe that is busy has an instance for another client.
#pragma once
#include <windows.h>

#include <memory>
#include <string>

#include "core/handle_table.h"
#include "win32/live_set.h"
#include "win32/operation.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class PipeLoop;

// The folder of all pipes of this machine, on the port: whom requests to wait are made to, as WaitNamedPipeW does; but
// that takes a thread for each. False: they cannot be made.
bool openPipeFolder(PipeLoop& loop, UniqueHandle& folder);

// One request. Made and aborted on the JS thread, ends on the port thread.
class InstanceWait final : public Live, public std::enable_shared_from_this<InstanceWait> {
 public:
  InstanceWait(PipeLoop& loop, HANDLE folder, Id request) : loop_(loop), folder_(folder), request_(request) {}

  // Settles the request when an instance is free, or that took too long; false: never.
  bool start(const std::wstring& path, double milliseconds);
  void abort() noexcept override;

 private:
  void ended(const Completion& completion);  // port thread

  PipeLoop& loop_;
  const HANDLE folder_;
  const Id request_;
  OperationFor<std::shared_ptr<InstanceWait>, &InstanceWait::ended> wait_;
};

}  // namespace framepipe::win32
