// A loop of libuv's.
#include "loops/turns.h"

#include <uv.h>

#include <utility>

#include "loops/check.h"

namespace framepipe::test {

struct Turns::System {
  std::function<void()> deliver;
  uv_loop_t loop{};
  uv_async_t doorbell{};
  uv_timer_t tick{};
  uv_prepare_t prepare{};
  int turns = 0;
};

Turns::Turns(std::function<void()> deliver) : system_(new System{.deliver = std::move(deliver)}) {
  uv_loop_init(&system_->loop);
  uv_async_init(&system_->loop, &system_->doorbell,
                [](uv_async_t* async) { static_cast<System*>(async->data)->deliver(); });
  uv_timer_init(&system_->loop, &system_->tick);
  uv_timer_start(&system_->tick, [](uv_timer_t*) {}, 5, 5);
  uv_prepare_init(&system_->loop, &system_->prepare);
  uv_prepare_start(&system_->prepare, [](uv_prepare_t* prepare) { ++static_cast<System*>(prepare->data)->turns; });
  system_->doorbell.data = system_->prepare.data = system_.get();
}

Turns::~Turns() {
  for (uv_handle_t* handle :
       {reinterpret_cast<uv_handle_t*>(&system_->doorbell), reinterpret_cast<uv_handle_t*>(&system_->tick),
        reinterpret_cast<uv_handle_t*>(&system_->prepare)})
    uv_close(handle, nullptr);
  uv_run(&system_->loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&system_->loop) == 0);
}

void Turns::ring() noexcept {
  uv_async_send(&system_->doorbell);
}

void Turns::wait() {
  uv_run(&system_->loop, UV_RUN_ONCE);
}

void Turns::once() {
  uv_run(&system_->loop, UV_RUN_NOWAIT);
}

// The tick turns the loop every 5 ms; a watch that fires for nothing, thousands of times.
bool Turns::restIn(const std::function<void()>& idle, int milliseconds) {
  const int before = system_->turns;
  idle();
  return system_->turns - before < milliseconds / 2 + 10;
}

uv_loop_s* Turns::uvLoop() noexcept {
  return &system_->loop;
}

}  // namespace framepipe::test
