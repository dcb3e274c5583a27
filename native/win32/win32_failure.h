// What Windows' error codes mean to Node's users. Any thread.
#pragma once
#include <windows.h>

#include "core/failure.h"

namespace framepipe::win32 {

// `syscall` in Node's words, static.
Failure win32Failure(DWORD error, const char* syscall);

// The same code means different things to who opens a pipe and to who creates one.
Failure connectFailure(DWORD error);
Failure listenFailure(DWORD error);
Failure acceptFailure(DWORD error);  // of a server that makes a further instance

// The other end is not there any more: the end of what can be read, EPIPE for what is written.
bool isPeerGone(DWORD error);

}  // namespace framepipe::win32
