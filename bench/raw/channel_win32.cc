// Named pipes with overlapped operations on a completion port, which is asked only when an operation is pending.
#include <windows.h>

#include <cstdio>
#include <cstdlib>

#include "channel.h"

namespace raw {

namespace {

constexpr DWORD kBuffer = 64u << 10;

class Pipe final : public Channel {
 public:
  explicit Pipe(HANDLE handle) : handle_(handle), port_(CreateIoCompletionPort(handle, nullptr, 0, 1)) {
    if (!port_) fail("CreateIoCompletionPort");
    SetFileCompletionNotificationModes(handle_, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() override {
    CloseHandle(handle_);
    CloseHandle(port_);
  }

  void accept() {
    OVERLAPPED operation{};
    if (ConnectNamedPipe(handle_, &operation)) return;
    const DWORD error = GetLastError();
    if (error == ERROR_PIPE_CONNECTED) return;
    if (error != ERROR_IO_PENDING || !completed()) fail("ConnectNamedPipe");
  }

  size_t read(uint8_t* into, size_t size) override {
    OVERLAPPED operation{};
    if (!ReadFile(handle_, into, static_cast<DWORD>(size), nullptr, &operation)) {
      if (GetLastError() == ERROR_BROKEN_PIPE) return 0;
      if (GetLastError() != ERROR_IO_PENDING) fail("ReadFile");
      if (!completed()) {
        if (GetLastError() == ERROR_BROKEN_PIPE) return 0;
        fail("ReadFile");
      }
    }
    return static_cast<size_t>(operation.InternalHigh);
  }

  void write(const uint8_t* bytes, size_t size) override {
    OVERLAPPED operation{};
    if (WriteFile(handle_, bytes, static_cast<DWORD>(size), nullptr, &operation)) return;
    if (GetLastError() != ERROR_IO_PENDING || !completed()) fail("WriteFile");
  }

 private:
  bool completed() {
    DWORD count = 0;
    ULONG_PTR key = 0;
    OVERLAPPED* operation = nullptr;
    return GetQueuedCompletionStatus(port_, &count, &key, &operation, INFINITE) != 0;
  }

  HANDLE handle_;
  HANDLE port_;
};

class Instances final : public Listener {
 public:
  explicit Instances(const std::string& path) : path_(path), next_(instance()) {}

  std::unique_ptr<Channel> accept() override {
    next_->accept();
    std::unique_ptr<Channel> accepted = std::move(next_);
    next_ = instance();
    return accepted;
  }

 private:
  std::unique_ptr<Pipe> instance() {
    const HANDLE handle = CreateNamedPipeA(path_.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                           PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                           PIPE_UNLIMITED_INSTANCES, kBuffer, kBuffer, 0, nullptr);
    if (handle == INVALID_HANDLE_VALUE) fail("CreateNamedPipe");
    return std::make_unique<Pipe>(handle);
  }

  std::string path_;
  std::unique_ptr<Pipe> next_;
};

double secondsOf(const FILETIME& time) {
  return static_cast<double>((uint64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime) / 1e7;
}

}  // namespace

std::unique_ptr<Listener> listen(const std::string& path) {
  return std::make_unique<Instances>(path);
}

std::unique_ptr<Channel> connect(const std::string& path) {
  const HANDLE handle = CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, nullptr);
  if (handle == INVALID_HANDLE_VALUE) fail("CreateFile");
  return std::make_unique<Pipe>(handle);
}

int64_t nanoseconds() {
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter(&count);
  QueryPerformanceFrequency(&frequency);
  return static_cast<int64_t>(static_cast<double>(count.QuadPart) * 1e9 / static_cast<double>(frequency.QuadPart));
}

double cpuSeconds() {
  FILETIME created, ended, kernel, user;
  GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user);
  return secondsOf(kernel) + secondsOf(user);
}

void fail(const char* operation) {
  std::fprintf(stderr, "%s: error %lu\n", operation, GetLastError());
  std::_Exit(1);
}

}  // namespace raw
