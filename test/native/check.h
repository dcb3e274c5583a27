// Counts what holds and what does not; prints the latter.
#pragma once
#include <cstdio>
#include <source_location>
#include <sstream>
#include <string>

class Checks {
 public:
  using Place = std::source_location;

  bool that(bool holds, const std::string& what, Place place = Place::current()) {
    ++(holds ? passed_ : failed_);
    if (!holds) std::printf("%s:%u: %s\n", place.file_name(), static_cast<unsigned>(place.line()), what.c_str());
    return holds;
  }

  template <class A, class B>
  bool equal(const A& is, const B& should_be, const std::string& what, Place place = Place::current()) {
    if (is == should_be) return that(true, what, place);
    std::ostringstream text;
    text << what << ": is " << is << ", should be " << should_be;
    return that(false, text.str(), place);
  }

  // What main() returns.
  int report() const {
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  int passed_ = 0, failed_ = 0;
};
