// errno as a Failure, by Node's names. Any thread.
#pragma once
#include "core/failure.h"

namespace framepipe::posix {

Failure errnoFailure(int error, const char* syscall, const char* hint = nullptr);

}  // namespace framepipe::posix
