// A system call that blocks, made on a thread of its own; its end is a packet like any operation's.
#pragma once
#include <windows.h>

#include <atomic>
#include <functional>

#include "win32/iocp.h"
#include "win32/operation.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class BlockingCall : public Operation {
 public:
  // Any thread. `call` runs on the new thread; then the packet comes to the port. False: no thread.
  bool start(Port& port, std::shared_ptr<OperationOwner> owner, std::function<void()> call);

  // Any thread, while the packet is awaited. The call may not have begun yet, and Windows forgets a
  // cancellation that finds nothing: repeat it until the packet arrives.
  void cancel();

  // Port thread, when the packet has arrived.
  void join();

 private:
  static unsigned __stdcall threadMain(void* call);

  Port* port_ = nullptr;
  std::shared_ptr<OperationOwner> caller_;
  std::function<void()> call_;
  std::atomic<bool> cancelled_{false};
  UniqueHandle thread_;
};

}  // namespace framepipe::win32
