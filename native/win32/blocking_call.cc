#include "win32/blocking_call.h"

#include <process.h>

#include <mutex>

namespace framepipe::win32 {

namespace {
// What security products hook into system calls needs some room, too.
constexpr unsigned kStack = 256u << 10;
}  // namespace

bool BlockingCall::start(Port& port, OVERLAPPED* packet, std::function<void()> call) {
  port_ = &port;
  packet_ = packet;
  call_ = std::move(call);
  const std::lock_guard lock(mutex_);
  cancelled_ = false;
  // Suspended until its handle is known, so that cancel() and join() find it.
  const uintptr_t thread = _beginthreadex(/*security=*/nullptr, kStack, threadMain, this,
                                          CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION, /*id=*/nullptr);
  if (!thread) {
    call_ = nullptr;
    return false;
  }
  thread_ = UniqueHandle(reinterpret_cast<HANDLE>(thread));
  ResumeThread(thread_.get());
  return true;
}

void BlockingCall::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (thread_) CancelSynchronousIo(thread_.get());
}

void BlockingCall::join() {
  WaitForSingleObject(thread_.get(), INFINITE);
  const std::lock_guard lock(mutex_);
  thread_.reset();
  call_ = nullptr;
}

unsigned __stdcall BlockingCall::threadMain(void* argument) {
  auto* self = static_cast<BlockingCall*>(argument);
  self->mutex_.lock();
  const bool cancelled = self->cancelled_;
  self->mutex_.unlock();
  if (!cancelled) self->call_();
  self->port_->post(self->packet_);
  return 0;
}

}  // namespace framepipe::win32
