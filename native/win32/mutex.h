// Waiting under a lock. Any thread.
#pragma once
#include <windows.h>

#include "core/mutex.h"

namespace framepipe::win32 {

// Locked before and after, not meanwhile. May wake for no reason.
void waitFor(CONDITION_VARIABLE& condition, Mutex& mutex, DWORD milliseconds) noexcept;

}  // namespace framepipe::win32
