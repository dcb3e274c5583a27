// A system call that blocks, made on a thread of its own; its end is a packet like any operation's.
#pragma once
#include <windows.h>

#include <functional>

#include "win32/mutex.h"
#include "win32/port.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class BlockingCall {
 public:
  // Any thread. `call` runs on the new thread; then `packet`, which has begun, comes to the port. False: no thread, and
  // no packet.
  bool start(Port& port, OVERLAPPED* packet, std::function<void()> call);

  // Any thread, while the packet is awaited. The call may not have begun yet, and Windows forgets a
  // cancellation that finds nothing: repeat it until the packet arrives.
  void cancel();

  // Port thread, when the packet has arrived.
  void join();

 private:
  static unsigned __stdcall threadMain(void* call);

  Port* port_ = nullptr;
  OVERLAPPED* packet_ = nullptr;
  std::function<void()> call_;

  Mutex mutex_;  // cancel() against join()
  UniqueHandle thread_;
  bool cancelled_ = false;
};

}  // namespace framepipe::win32
