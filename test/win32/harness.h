// The Windows loop by itself: a host without Node, and a desk at which its events are counted. One
// program a test file; each prints the tests that fail and, last, "N passed, M failed".
#pragma once
#include <windows.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "core/loop.h"

namespace framepipe::test {

using Place = std::source_location;

// Registers a test; run() runs all of them, or those whose name contains an argument.
struct Test {
  Test(const char* name, void (*body)());
};
int run(int argc, char** argv);

#define TEST(name)                                       \
  static void test_##name();                             \
  static const Test register_##name(#name, test_##name); \
  static void test_##name()

// Notes a failure of the running test, and returns whether it holds.
bool check(bool holds, const std::string& what, Place place = Place::current());
template <class A, class B>
bool same(const A& is, const B& should_be, const std::string& what, Place place = Place::current()) {
  return check(is == should_be, what, place);
}
bool sameCode(const Failure& failure, const char* code, Place place = Place::current());

// What became of a connection, as JavaScript would see it.
struct Seen {
  std::vector<std::string> frames;
  size_t cost = 0;  // Chunk::cost(): to be consumed
  bool ended = false, closed = false;
  int drained = 0;
  Failure end, close;
  uint64_t hash = 14695981039346656037u;  // of all frames' bytes, if asked for
};

// One environment. The JS thread is the thread that owns this.
class Desk : public Host {
 public:
  Desk();
  ~Desk();

  void ring() noexcept override { SetEvent(rung_); }
  void deliver() noexcept override {}
  void retain() noexcept override { ++retained; }
  void release() noexcept override { --retained; }
  uv_loop_s* uvLoop() noexcept override { return nullptr; }

  Loop& loop() { return *loop_; }
  void stop();

  // Handles events until `done`, at most `milliseconds`; returns whether it came to that.
  bool until(const std::function<bool()>& done, DWORD milliseconds = 10000);
  void pump();  // what has happened by now
  void rest(DWORD milliseconds);

  Seen& seen(Id id) { return seen_[id]; }
  Id listen(const ListenOptions& options, Place place = Place::current());
  Id connect(const ConnectOptions& options, Place place = Place::current());
  Id accept(Place place = Place::current());  // the next connection accepted, in order
  void send(Id id, const std::string& frame, Place place = Place::current());
  bool closes(Id id, DWORD milliseconds = 10000) {
    return until([&] { return seen(id).closed; }, milliseconds);
  }
  Connection& at(Id id) { return *loop_->connection(id); }

  std::vector<Id> accepted;
  std::map<Id, Failure> settled;
  std::vector<Id> unlistened;
  bool consumes = true;  // at once
  bool keeps = true;     // the frames, not only how many there were
  bool hashes = false;
  int retained = 0;
  int strays = 0;  // events of connections that are closed, or not known yet

 private:
  void take(Event& event);
  void stopLoop();

  HANDLE rung_;
  std::unique_ptr<Loop> loop_;
  std::map<Id, Seen> seen_;
  std::vector<Event> events_;
  size_t accepts_taken_ = 0;
};

std::string uniquePath();
std::wstring wide(const std::string& text);
ListenOptions serving(const std::string& path);
ConnectOptions connecting(const std::string& path);
Framing message();
Framing raw();

// A peer that is not ours: plain, blocking calls.
HANDLE openClient(const std::string& path, DWORD access = GENERIC_READ | GENERIC_WRITE, DWORD flags = 0);
bool writeAll(HANDLE pipe, const std::string& bytes);
std::string readSome(HANDLE pipe, DWORD* error = nullptr);
std::string prefixed(const std::string& frame);  // with framing.lengthPrefix()'s header

DWORD handles();  // of this process

}  // namespace framepipe::test
