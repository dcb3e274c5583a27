#include "impersonation/fail_fast.h"

#include <windows.h>

#include <cstring>
#include <initializer_list>

namespace framepipe {

void failFast(const char* why) noexcept {
  const HANDLE errors = GetStdHandle(STD_ERROR_HANDLE);
  DWORD written = 0;
  for (const char* part : {"framepipe: ", why, "\n"})
    WriteFile(errors, part, static_cast<DWORD>(std::strlen(part)), &written, nullptr);
  RaiseFailFastException(nullptr, nullptr, 0);
  TerminateProcess(GetCurrentProcess(), static_cast<UINT>(STATUS_FATAL_APP_EXIT));
  for (;;) Sleep(INFINITE);
}

}  // namespace framepipe
