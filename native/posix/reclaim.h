// Threads that were made while another one acted as a client: they inherit who it was.
#pragma once
#include <sys/types.h>

#include <vector>

#include "posix/credentials.h"
#include "posix/threads.h"

namespace framepipe::posix {

// The calling thread has been `acted`, and is itself again. Those that are so still, and are not in `known`, become what
// it is; if one cannot, the process ends here, after seconds at most.
void reclaimThreads(Threads& threads, const std::vector<pid_t>& known, const Credentials& acted) noexcept;

}  // namespace framepipe::posix
