#include "win32/blocking_call.h"

#include <process.h>

namespace framepipe::win32 {

bool BlockingCall::start(Port& port, std::shared_ptr<OperationOwner> owner, std::function<void()> call) {
  port_ = &port;
  caller_ = std::move(owner);
  call_ = std::move(call);
  cancelled_ = false;
  // Suspended until its handle is known, so that cancel() and join() find it.
  const uintptr_t thread = _beginthreadex(/*security=*/nullptr, /*stack=*/64 << 10, threadMain, this,
                                          CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION, /*id=*/nullptr);
  if (!thread) {
    caller_.reset();
    call_ = nullptr;
    return false;
  }
  thread_ = UniqueHandle(reinterpret_cast<HANDLE>(thread));
  ResumeThread(thread_.get());
  return true;
}

void BlockingCall::cancel() {
  cancelled_ = true;
  if (thread_) CancelSynchronousIo(thread_.get());
}

void BlockingCall::join() {
  WaitForSingleObject(thread_.get(), INFINITE);
  thread_.reset();
  call_ = nullptr;
}

unsigned __stdcall BlockingCall::threadMain(void* argument) {
  auto* self = static_cast<BlockingCall*>(argument);
  if (!self->cancelled_) self->call_();
  self->port_->post(*self, std::move(self->caller_));
  return 0;
}

}  // namespace framepipe::win32
