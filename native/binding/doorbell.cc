#include "binding/doorbell.h"

#include <thread>

namespace framepipe {

int Doorbell::open(uv_loop_t* loop, void (*answer)(void*), void* argument) {
  answer_ = answer;
  argument_ = argument;
  const int error = uv_async_init(loop, &bell_, [](uv_async_t* bell) {
    const auto& self = *static_cast<Doorbell*>(bell->data);
    self.answer_(self.argument_);
  });
  if (error) return error;
  bell_.data = this;
  keepAlive(false);
  return 0;
}

void Doorbell::ring() noexcept {
  auto thread = Thread::Listening;
  if (thread_.compare_exchange_strong(thread, Thread::Called) || thread == Thread::Called) return;
  uv_async_send(&bell_);
}

bool Doorbell::listen(uint64_t until, EventQueue& events) noexcept {
  thread_ = Thread::Listening;
  // The first event since the queue was taken has rung already, and no later one rings.
  const bool missed = !events.empty();
  while (!missed && thread_ == Thread::Listening && uv_hrtime() < until) std::this_thread::yield();
  return thread_.exchange(Thread::Elsewhere) == Thread::Called || missed;
}

void Doorbell::keepAlive(bool on) noexcept {
  auto* handle = reinterpret_cast<uv_handle_t*>(&bell_);
  on ? uv_ref(handle) : uv_unref(handle);
}

void Doorbell::close(void (*closed)(void*)) noexcept {
  closed_ = closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&bell_), [](uv_handle_t* bell) {
    const auto& self = *static_cast<Doorbell*>(bell->data);
    self.closed_(self.argument_);
  });
}

}  // namespace framepipe
