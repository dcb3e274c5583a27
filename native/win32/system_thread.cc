#include "impersonation/system_thread.h"

#include <process.h>
#include <windows.h>

#include <memory>

namespace framepipe {

namespace {

// What security products hook into system calls needs some room, too.
constexpr unsigned kStack = 256u << 10;

struct Body {
  void (*call)(void*);
  void* argument;
};

unsigned __stdcall run(void* given) {
  const std::unique_ptr<const Body> body(static_cast<const Body*>(given));
  body->call(body->argument);
  return 0;
}

HANDLE threadOf(uintptr_t handle) {
  return reinterpret_cast<HANDLE>(handle);
}

// A Worker that ends lets go of its addons.
void keepModuleLoaded() {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&run), &module);
}

}  // namespace

int SystemThread::start(void (*body)(void*), void* argument) noexcept {
  auto given = std::make_unique<Body>(Body{body, argument});
  handle_ = _beginthreadex(/*security=*/nullptr, kStack, run, given.get(), STACK_SIZE_PARAM_IS_A_RESERVATION,
                           /*id=*/nullptr);
  if (!handle_) return ERROR_NOT_ENOUGH_MEMORY;
  given.release();
  return 0;
}

void SystemThread::join() noexcept {
  WaitForSingleObject(threadOf(handle_), INFINITE);
  CloseHandle(threadOf(std::exchange(handle_, 0)));
}

void SystemThread::abandon() noexcept {
  keepModuleLoaded();
  CloseHandle(threadOf(std::exchange(handle_, 0)));
}

bool SystemThread::interrupt() noexcept {
  CancelSynchronousIo(threadOf(handle_));
  return true;
}

}  // namespace framepipe
