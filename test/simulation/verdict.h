// The first broken rule of a schedule, and the trace that leads to it. One process, one thread.
#pragma once
#include <cstdarg>
#include <cstdio>

namespace simulation {

class Verdict {
 public:
  explicit Verdict(bool traces) : traces_(traces) {}

  // Keeps the first one: what follows is likely to follow from it.
  bool require(bool holds, const char* rule) {
    if (holds) return true;
    if (!broken_) broken_ = rule;
    if (traces_) std::printf("  !! %s\n", rule);
    return false;
  }
  const char* broken() const { return broken_; }

  __attribute__((format(printf, 2, 3))) void trace(const char* format, ...) {
    if (!traces_) return;
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::putchar('\n');
  }

 private:
  const bool traces_;
  const char* broken_ = nullptr;
};

}  // namespace simulation
