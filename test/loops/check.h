// Tests, and what they find. Each program runs all that are in it, or those whose name contains one of its arguments; it
// prints the tests that ran and those that it skipped, with the reason, and last "N passed, M failed", ", K skipped" if any.
#pragma once
#include "core/failure.h"

namespace framepipe::test {

// Notes a failure of the running test unless it is `ok`, and returns whether it is. Any thread.
bool check(bool ok, const char* what, const char* file, int line);
#define CHECK(condition) ::framepipe::test::check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

struct Case {
  // `skipped`: why it cannot be run here; null: it can.
  Case(const char* name, void (*run)(), const char* skipped);
};
#define TEST_UNLESS(skipped, name)                                         \
  static void name();                                                      \
  static const ::framepipe::test::Case name##Case(#name, name, (skipped)); \
  static void name()
#define TEST(name) TEST_UNLESS(nullptr, name)

// Whether it is this failure; if not, says which one it is.
bool same(const Failure& failure, const char* code);

}  // namespace framepipe::test
