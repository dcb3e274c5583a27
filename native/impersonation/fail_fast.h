// The end of a process that would otherwise go on under somebody else's identity. Any thread.
#pragma once

namespace framepipe {

// Ends the process at once: no handlers, no JavaScript. `why` goes to stderr where there is one. The platform's own.
[[noreturn]] void failFast(const char* why) noexcept;

}  // namespace framepipe
