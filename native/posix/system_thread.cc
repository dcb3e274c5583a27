#include "impersonation/system_thread.h"

#include <dlfcn.h>
#include <pthread.h>

#include <memory>

namespace framepipe {

namespace {

// What asks for a user's name may be any module of the C library's.
constexpr size_t kStack = 1u << 20;

struct Body {
  void (*call)(void*);
  void* argument;
};

void* run(void* given) {
  const std::unique_ptr<const Body> body(static_cast<const Body*>(given));
  body->call(body->argument);
  return nullptr;
}

pthread_t threadOf(uintptr_t handle) {
  return (pthread_t)handle;  // NOLINT: a number in one C library, a pointer in another
}

// A Worker that ends lets go of its addons.
void keepModuleLoaded() {
  Dl_info module{};
  if (dladdr(reinterpret_cast<void*>(&run), &module) && module.dli_fname)
    dlopen(module.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

int SystemThread::start(void (*body)(void*), void* argument) noexcept {
  auto given = std::make_unique<Body>(Body{body, argument});
  pthread_attr_t attributes;
  if (const int error = pthread_attr_init(&attributes)) return error;
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, run, given.get());
  pthread_attr_destroy(&attributes);
  if (error) return error;
  given.release();
  handle_ = (uintptr_t)thread;  // NOLINT
  return 0;
}

void SystemThread::join() noexcept {
  pthread_join(threadOf(std::exchange(handle_, 0)), nullptr);
}

void SystemThread::abandon() noexcept {
  keepModuleLoaded();
  pthread_detach(threadOf(std::exchange(handle_, 0)));
}

bool SystemThread::interrupt() noexcept {
  return false;
}

}  // namespace framepipe
