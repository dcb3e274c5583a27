// A thread beside the port's, which an event wakes.
#include "loops/turns.h"

#include <windows.h>

#include <utility>

#include "loops/check.h"

namespace framepipe::test {

namespace {

// Of all threads of this process, in ms.
uint64_t cpuTime() {
  FILETIME created, exited, kernel, user;
  CHECK(GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user));
  const auto ticks = [](FILETIME time) { return uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime; };
  return (ticks(kernel) + ticks(user)) / 10'000;
}

}  // namespace

struct Turns::System {
  std::function<void()> deliver;
  HANDLE rung = CreateEventW(nullptr, /*manual=*/FALSE, FALSE, nullptr);
};

Turns::Turns(std::function<void()> deliver) : system_(new System{.deliver = std::move(deliver)}) {}

Turns::~Turns() {
  CloseHandle(system_->rung);
}

void Turns::ring() noexcept {
  SetEvent(system_->rung);
}

void Turns::wait() {
  WaitForSingleObject(system_->rung, 5);
  system_->deliver();
}

void Turns::once() {
  system_->deliver();
}

// Who runs in vain does so all the time, or half of it while another process answers its calls.
bool Turns::restIn(const std::function<void()>& idle, int milliseconds) {
  const uint64_t before = cpuTime();
  idle();
  return cpuTime() - before < static_cast<uint64_t>(milliseconds) / 4 + 10;
}

uv_loop_s* Turns::uvLoop() noexcept {
  return nullptr;
}

}  // namespace framepipe::test
