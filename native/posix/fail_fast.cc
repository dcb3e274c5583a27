#include "impersonation/fail_fast.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace framepipe {

void failFast(const char* why) noexcept {
  // write(2), not stdio: its locks may be held.
  for (const char* part : {"framepipe: ", why, "\n"}) {
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  std::abort();
}

}  // namespace framepipe
