// A completion port and the one thread that serves it.
#pragma once
#include <windows.h>

#include <atomic>
#include <memory>
#include <vector>

#include "core/failure.h"
#include "win32/mutex.h"
#include "win32/operation.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

// What Windows reports to nobody has to be looked at from time to time.
class Watched {
 public:
  // Port thread, about every Port::kTick milliseconds, until it returns false. `now`: what had completed by then has been
  // dealt with.
  virtual bool onTick(ULONGLONG now) noexcept = 0;

 protected:
  ~Watched() = default;
};

class Port {
 public:
  static constexpr DWORD kTick = 100;
  // So many end in one tick: what JavaScript does with their ends, others wait for. The rest have theirs soon.
  static constexpr size_t kEnds = 64;

  // JS thread. Starts the thread on first use.
  Failure open();

  // JS thread, when no operation is in flight any more: joins the thread. A no-op when never opened.
  void close();

  // Any thread: completions of this handle come to the port. Returns GetLastError().
  DWORD associate(HANDLE handle);

  // Any thread: an operation that has begun completes on the port thread, as if Windows had done it.
  void post(OVERLAPPED* operation);

  // Any thread.
  void watch(std::shared_ptr<Watched> watched);

 private:
  static unsigned __stdcall threadMain(void* port);
  void run();
  void complete(const OVERLAPPED_ENTRY& entry);
  bool onTick(ULONGLONG now);

  UniqueHandle port_;
  UniqueHandle thread_;

  Mutex mutex_;
  std::vector<std::shared_ptr<Watched>> newly_watched_;
  // Port thread only.
  std::vector<std::shared_ptr<Watched>> watched_;
  size_t next_ = 0;  // of these
  bool quit_ = false;
};

}  // namespace framepipe::win32
