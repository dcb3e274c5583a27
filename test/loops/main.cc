// Runs the tests of a program.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <vector>

#include "loops/check.h"
#include "loops/system.h"
#include "loops/world.h"

namespace framepipe::test {

namespace {

struct Entry {
  const char* name;
  void (*run)();
  const char* skipped;
};

std::vector<Entry>& cases() {
  static std::vector<Entry> all;
  return all;
}

std::atomic<int> failures_in_case{0};

bool isChosen(const char* name, int count, char** parts) {
  bool chosen = count < 2;
  for (int i = 1; i < count; ++i) chosen = chosen || std::strstr(name, parts[i]);
  return chosen;
}

}  // namespace

Case::Case(const char* name, void (*run)(), const char* skipped) {
  cases().push_back({name, run, skipped});
}

bool check(bool ok, const char* what, const char* file, int line) {
  if (!ok && ++failures_in_case <= 20) std::printf("  %s:%d: %s\n", file, line, what);
  return ok;
}

bool same(const Failure& failure, const char* code) {
  if (failure.code && std::strcmp(failure.code, code) == 0) return true;
  std::printf("  failure is %s (%d), not %s\n", failure.code ? failure.code : "none", failure.os, code);
  return false;
}

static int runAll(int count, char** parts) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  prepareProcess();
  int passed = 0, failed = 0, skipped = 0;
  for (const Entry& entry : cases()) {
    if (!isChosen(entry.name, count, parts)) continue;
    if (entry.skipped) {
      std::printf("SKIPPED %s: %s\n", entry.name, entry.skipped);
      ++skipped;
      continue;
    }
    failures_in_case = 0;
    const int before = openHandles();
    entry.run();
    const int left = openHandles() - before;
    if (!CHECK(left <= kSpareHandles)) std::printf("  %d handles are left open\n", left);
    std::printf("%s %s\n", failures_in_case ? "FAILED" : "ok    ", entry.name);
    ++(failures_in_case ? failed : passed);
  }
  std::printf("%d passed, %d failed", passed, failed);
  if (skipped) std::printf(", %d skipped", skipped);
  std::printf("\n");
  return failed || !passed;
}

}  // namespace framepipe::test

int main(int count, char** arguments) {
  return framepipe::test::runAll(count, arguments);
}
