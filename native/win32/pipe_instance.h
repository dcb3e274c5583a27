// One instance of a served pipe, waiting for its client.
#pragma once
#include <windows.h>

#include <memory>

#include "core/loop.h"
#include "win32/operation.h"
#include "win32/security_descriptor.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class PipeListener;
class Port;

// How many instances the system lets a pipe have, the placeholder among them. Servers that share a name each have one,
// and know nothing of each other: there, each keeps to its own limit.
DWORD instanceLimit(const ListenOptions& options);

class PipeInstance final : public std::enable_shared_from_this<PipeInstance> {
 public:
  explicit PipeInstance(std::shared_ptr<PipeListener> listener) : listener_(std::move(listener)) {}

  // All of these: under the listener's lock. They return GetLastError().
  DWORD create(const std::wstring& path, const ListenOptions& options, const SecurityDescriptor& descriptor,
               bool first);
  // From here on a packet will tell the listener, whatever comes of it.
  DWORD waitForClient(Port& port);
  void cancel();

  HANDLE handle() const { return handle_.get(); }
  UniqueHandle takeHandle() { return std::move(handle_); }

 private:
  void answered(const Completion& completion);  // port thread

  const std::shared_ptr<PipeListener> listener_;
  UniqueHandle handle_;
  OperationFor<std::shared_ptr<PipeInstance>, &PipeInstance::answered> connect_;
};

}  // namespace framepipe::win32
