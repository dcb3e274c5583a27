#include "loops/system.h"

#include <windows.h>

#include "loops/world.h"

namespace framepipe::test {

const bool kHalfClose = false;
const char* const kListenerIsGone = "EAGAIN";
const bool kStopReleases = false;
const int kSpareHandles = 4;

void prepareProcess() {
  World first;
  first.pair();
}

int openHandles() {
  DWORD count = 0;
  GetProcessHandleCount(GetCurrentProcess(), &count);
  return static_cast<int>(count);
}

int64_t ownProcessId() {
  return GetCurrentProcessId();
}

Names::Names() {
  static LONG last = 0;
  prefix_ = "\\\\.\\pipe\\framepipe-test-" + std::to_string(GetCurrentProcessId()) + "-" +
            std::to_string(InterlockedIncrement(&last)) + "-";
}

Names::~Names() = default;

}  // namespace framepipe::test
