#include "win32/instance_wait.h"

#include <winternl.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "win32/ntdll.h"
#include "win32/pipe_loop.h"
#include "win32/pipe_path.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

// FSCTL_PIPE_WAIT and what it takes, documented in [MS-FSCC] and the driver kit only.
constexpr ULONG kPipeWait = 0x110018;
struct PipeWait {
  LARGE_INTEGER timeout;
  ULONG name_length;  // in bytes
  BOOLEAN timeout_specified;
  WCHAR name[1];
};
constexpr size_t kHead = offsetof(PipeWait, name);
static_assert(kHead == 14);
constexpr double kLongest = 24 * 3600 * 1000.0;  // ms: who has more time asks again
constexpr int64_t kPerMillisecond = 10'000;

using FsControlFile = NTSTATUS(NTAPI*)(HANDLE file, HANDLE event, void* routine, void* context, IO_STATUS_BLOCK* status,
                                       ULONG code, void* input, ULONG input_length, void* output, ULONG output_length);

}  // namespace

bool openPipeFolder(PipeLoop& loop, UniqueHandle& folder) {
  if (folder) return true;
  if (loop.port().open()) return false;
  UniqueHandle opened(CreateFileW(L"\\\\.\\pipe\\", FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                                  FILE_SHARE_READ | FILE_SHARE_WRITE, /*security=*/nullptr, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS,
                                  /*template=*/nullptr));
  if (!opened || loop.port().associate(opened.get())) return false;
  folder = std::move(opened);
  return true;
}

bool InstanceWait::start(const std::wstring& path, double milliseconds) {
  // DeviceIoControl() passes this request on as one for a device, which the file system of pipes refuses.
  const auto control = ntdll<FsControlFile>("NtFsControlFile");
  if (!control) return false;
  const std::wstring name = pipeName(path);
  const size_t bytes = name.size() * sizeof(wchar_t);
  // Below zero: from now on, and not a point in time.
  const double rest = std::clamp(milliseconds, 1.0, kLongest);
  const PipeWait head{.timeout = {.QuadPart = -static_cast<int64_t>(rest) * kPerMillisecond},
                      .name_length = static_cast<ULONG>(bytes),
                      .timeout_specified = TRUE,
                      .name = {}};
  std::vector<uint8_t> input(kHead + bytes);  // copied before the call returns
  std::memcpy(input.data(), &head, kHead);
  std::memcpy(input.data() + kHead, name.data(), bytes);

  OVERLAPPED* const overlapped = wait_.begin(shared_from_this());
  const NTSTATUS status = control(folder_, /*event=*/nullptr, /*routine=*/nullptr, overlapped,
                                  reinterpret_cast<IO_STATUS_BLOCK*>(&overlapped->Internal), kPipeWait, input.data(),
                                  static_cast<ULONG>(input.size()), /*output=*/nullptr, /*output_length=*/0);
  if (status >= 0) return true;
  wait_.end();  // an error at once brings no packet
  return false;
}

void InstanceWait::abort() noexcept {
  CancelIoEx(folder_, &wait_);
}

void InstanceWait::ended(const Completion& completion) {
  Event event{.kind = Event::Kind::Settled, .id = request_};
  if (completion.error != ERROR_SUCCESS) event.failure = win32Failure(completion.error, "connect");
  loop_.report(std::move(event));
  loop_.live().leave(this);
}

}  // namespace framepipe::win32
