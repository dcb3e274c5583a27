#include "win32/port.h"

#include <process.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {
// Completion keys. Handles are associated with kOperation.
constexpr ULONG_PTR kOperation = 0;
constexpr ULONG_PTR kWatch = 1;
constexpr ULONG_PTR kQuit = 2;
constexpr ULONG kBatch = 64;
constexpr DWORD kSoon = 10;

// Windows promises room for a packet to whoever can open a handle; without it nothing can be undone
// in order, and waiting for what was never posted would hang instead.
void postOrDie(HANDLE port, ULONG_PTR key, OVERLAPPED* overlapped) {
  if (!PostQueuedCompletionStatus(port, /*bytes=*/0, key, overlapped)) std::abort();
}
}  // namespace

Failure Port::open() {
  if (thread_) return {};
  if (!port_) {
    port_ = UniqueHandle(CreateIoCompletionPort(INVALID_HANDLE_VALUE, /*port=*/nullptr, kOperation,
                                                /*concurrentThreads=*/1));
    if (!port_) return win32Failure(GetLastError(), "CreateIoCompletionPort");
  }
  const uintptr_t thread = _beginthreadex(/*security=*/nullptr, /*stack=*/0, threadMain, this,
                                          /*flags=*/0, /*id=*/nullptr);
  if (!thread) return {"EAGAIN", "CreateThread", static_cast<int32_t>(GetLastError())};
  thread_ = UniqueHandle(reinterpret_cast<HANDLE>(thread));
  return {};
}

void Port::close() {
  if (!thread_) return;
  postOrDie(port_.get(), kQuit, nullptr);
  WaitForSingleObject(thread_.get(), INFINITE);
  thread_.reset();
  port_.reset();
}

DWORD Port::associate(HANDLE handle) {
  if (CreateIoCompletionPort(handle, port_.get(), kOperation, /*concurrentThreads=*/0)) return ERROR_SUCCESS;
  return GetLastError();
}

void Port::post(OVERLAPPED* operation) {
  postOrDie(port_.get(), kOperation, operation);
}

void Port::watch(std::shared_ptr<Watched> watched) {
  const std::lock_guard lock(mutex_);
  newly_watched_.push_back(std::move(watched));
  if (newly_watched_.size() == 1) postOrDie(port_.get(), kWatch, nullptr);
}

unsigned __stdcall Port::threadMain(void* port) {
  static_cast<Port*>(port)->run();
  return 0;
}

// What had completed when a tick is due comes before it: nobody is given up for what has come. Unless that does not end.
void Port::run() {
  std::array<OVERLAPPED_ENTRY, kBatch> entries;
  ULONGLONG next_tick = 0;
  while (!quit_) {
    const ULONGLONG now = watched_.empty() ? 0 : GetTickCount64();
    const bool due = !watched_.empty() && now >= next_tick;
    const DWORD timeout = watched_.empty() ? INFINITE : due ? 0 : static_cast<DWORD>(next_tick - now);
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port_.get(), entries.data(), kBatch, &count, timeout, /*alertable=*/FALSE))
      count = 0;
    for (ULONG i = 0; i < count; ++i) complete(entries[i]);
    if (!due || (count == kBatch && now < next_tick + kTick)) continue;
    next_tick = now + (onTick(now) ? kTick : kSoon);
  }
  watched_.clear();
}

void Port::complete(const OVERLAPPED_ENTRY& entry) {
  if (!entry.lpOverlapped) {
    if (entry.lpCompletionKey == kQuit) quit_ = true;
    const std::lock_guard lock(mutex_);
    for (auto& watched : newly_watched_) watched_.push_back(std::move(watched));
    newly_watched_.clear();
    return;
  }
  auto& operation = static_cast<Operation&>(*entry.lpOverlapped);
  Completion completion{ERROR_SUCCESS, entry.dwNumberOfBytesTransferred};
  // What has completed needs no handle to be asked for its error.
  DWORD bytes = 0;
  if (!GetOverlappedResult(/*file=*/nullptr, &operation, &bytes, /*wait=*/FALSE)) completion.error = GetLastError();
  operation.completed(completion);
}

// Whether all have had their tick.
bool Port::onTick(ULONGLONG now) {
  for (size_t ends = 0; next_ < watched_.size();) {
    if (watched_[next_]->onTick(now)) {
      ++next_;
      continue;
    }
    std::swap(watched_[next_], watched_.back());
    watched_.pop_back();
    if (++ends == kEnds) return false;
  }
  next_ = 0;
  return true;
}

}  // namespace framepipe::win32
