// How the thread of the pretended JavaScript waits for what happens: the system's own part of World.
#pragma once
#include <functional>
#include <memory>

struct uv_loop_s;

namespace framepipe::test {

class Turns {
 public:
  explicit Turns(std::function<void()> deliver);
  ~Turns();  // checks that nothing is left
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  void ring() noexcept;  // any thread: what has happened is delivered in a turn that is not over yet
  void wait();           // one turn, which takes some milliseconds at most
  void once();           // one turn, without waiting

  // Whether nothing runs in vain while `idle` does, which takes so long: a watch that fires for nothing is seen here.
  bool restIn(const std::function<void()>& idle, int milliseconds);

  uv_loop_s* uvLoop() noexcept;  // where there is one

 private:
  struct System;
  const std::unique_ptr<System> system_;
};

}  // namespace framepipe::test
