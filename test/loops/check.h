// Tests, and what they find. Each program runs all that are in it, or those whose name contains one of its arguments; it
// prints the tests that ran and, last, "N passed, M failed".
#pragma once
#include "core/failure.h"

namespace framepipe::test {

// Notes a failure of the running test unless it is `ok`, and returns whether it is. Any thread.
bool check(bool ok, const char* what, const char* file, int line);
#define CHECK(condition) ::framepipe::test::check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

struct Case {
  Case(const char* name, void (*run)());
};
#define TEST(name)                                              \
  static void name();                                           \
  static const ::framepipe::test::Case name##Case(#name, name); \
  static void name()

// Whether it is this failure; if not, says which one it is.
bool same(const Failure& failure, const char* code);

}  // namespace framepipe::test
