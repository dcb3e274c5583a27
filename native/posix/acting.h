// A thread's time as somebody else, and what the process must see to meanwhile. The rules are the process's, one set
// for all JavaScript environments, as are the kernel's "dumpable" flag and the C library's setresuid().
#pragma once
#include "posix/credentials.h"

namespace framepipe::posix {

enum class Until {
  SystemCalls,  // the thread makes nothing but system calls until then: who sets all threads' ids waits for it
  Script,       // it runs foreign code, which may make threads
};

// The calling thread acts as `subject`, which must outlive that, until stopActing(). Returns 0, or an errno and nothing
// has changed. A fork() in between makes a process of the server's: the thread is itself while the kernel copies it.
int startActing(const Subject& subject, Until until) noexcept;

// The calling thread is itself again, and so are the threads that it made, or the process ends here.
void stopActing() noexcept;

// Who the calling thread is when it does not act as anybody.
uid_t ownUser() noexcept;

}  // namespace framepipe::posix
