// What tests ask the system for, and in which ways systems differ by nature.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace framepipe::test {

// An end can say that it sends nothing more, and go on receiving.
extern const bool kHalfClose;
// What connect() says of a pipe whose listener was closed while connections live on.
extern const char* const kListenerIsGone;
// A loop that stops gives back what keeps the process alive. Where it need not, the process ends with it anyway.
extern const bool kStopReleases;
// How many handles may be open after a test that were not before: what the system opens for itself.
extern const int kSpareHandles;
// More than a system keeps between two ends that read and write as they may, so that some of it stays with us.
constexpr size_t kMuch = 4u << 20;

// Before all tests: what the system makes once and keeps.
void prepareProcess();

int openHandles();  // of this process
int64_t ownProcessId();

// Names of pipes that nobody else has, while it lives.
class Names {
 public:
  Names();
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;
  std::string path(const char* name) const { return prefix_ + name; }

 private:
  std::string prefix_;
};

}  // namespace framepipe::test
