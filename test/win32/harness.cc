#include "harness.h"

#include <atomic>
#include <cstdio>
#include <cstring>

namespace framepipe::test {

namespace {

struct Entry {
  const char* name;
  void (*body)();
};
std::vector<Entry>& tests() {
  static std::vector<Entry> all;
  return all;
}
std::atomic<int> failures{0};

}  // namespace

Test::Test(const char* name, void (*body)()) {
  tests().push_back({name, body});
}

int run(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  int passed = 0, failed = 0;
  for (const Entry& test : tests()) {
    bool chosen = argc < 2;
    for (int i = 1; i < argc; ++i) chosen = chosen || std::strstr(test.name, argv[i]);
    if (!chosen) continue;
    failures = 0;
    const ULONGLONG began = GetTickCount64();
    test.body();
    ++(failures ? failed : passed);
    std::printf("%s %s (%llu ms)\n", failures ? "FAIL" : "ok  ", test.name, GetTickCount64() - began);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

bool check(bool holds, const std::string& what, Place place) {
  if (holds) return true;
  if (++failures <= 20)
    std::printf("%s:%u: %s\n", place.file_name(), static_cast<unsigned>(place.line()), what.c_str());
  return false;
}

bool sameCode(const Failure& failure, const char* code, Place place) {
  const std::string is = failure.code ? failure.code : "success";
  return check(is == code, "expected " + std::string(code) + ", got " + is + " " + std::to_string(failure.os), place);
}

Desk::Desk() : rung_(CreateEventW(nullptr, /*manual=*/FALSE, FALSE, nullptr)), loop_(makeLoop(*this)) {}

Desk::~Desk() {
  stop();
  check(strays == 0, "events came before a connection was known, or after it was closed");
  CloseHandle(rung_);
}

void Desk::stop() {
  if (!loop_) return;
  bool done = false;
  loop_->stop([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
  check(done, "stop() finishes");
  loop_.reset();
}

void Desk::take(Event& event) {
  loop_->admit(event);
  switch (event.kind) {
    case Event::Kind::Accepted:
      for (const Id id : unlistened)
        if (id == event.id) ++strays;
      accepted.push_back(event.other);
      break;
    case Event::Kind::Settled:
      settled[event.id] = event.failure;
      if (event.opened) accepted.push_back(event.other);
      break;
    case Event::Kind::Unlistened:
      unlistened.push_back(event.id);
      break;
    default: {
      if (!loop_->connection(event.id)) ++strays;
      Seen& seen = seen_[event.id];
      if (seen.closed) ++strays;
      if (event.kind == Event::Kind::Drained) ++seen.drained;
      if (event.kind == Event::Kind::Ended) {
        if (seen.ended) ++strays;
        seen.ended = true;
        seen.end = event.failure;
      }
      if (event.kind == Event::Kind::Closed) {
        seen.closed = true;
        seen.close = event.failure;
      }
      if (event.kind == Event::Kind::Frames) {
        if (seen.ended) ++strays;
        for (const Boundary& frame : event.frames.frames) {
          const auto* bytes = reinterpret_cast<const char*>(event.frames.data());
          const std::string text = keeps || hashes ? std::string(bytes + frame.begin, bytes + frame.end) : "";
          if (hashes)
            for (const char c : text) seen.hash = (seen.hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
          seen.frames.push_back(keeps ? text : std::string());
        }
        seen.cost += event.frames.cost();
        const auto connection = loop_->connection(event.id);
        if (consumes && connection) {
          connection->consumed(event.frames.cost());
          seen.cost -= event.frames.cost();
        }
      }
    }
  }
  loop_->forget(event);
}

void Desk::pump() {
  loop_->events().take(events_);
  std::vector<Event> events;
  events.swap(events_);
  for (Event& event : events) take(event);
}

bool Desk::until(const std::function<bool()>& done, DWORD milliseconds) {
  const ULONGLONG end = GetTickCount64() + milliseconds;
  for (;;) {
    pump();
    if (done()) return true;
    const ULONGLONG now = GetTickCount64();
    if (now >= end) return false;
    WaitForSingleObject(rung_, static_cast<DWORD>(end - now));
  }
}

void Desk::rest(DWORD milliseconds) {
  until([] { return false; }, milliseconds);
}

Id Desk::listen(const ListenOptions& options, Place place) {
  const Outcome<Id> id = loop_->listen(options);
  check(bool(id), "listen: " + std::string(id ? "" : id.failure.code) + " " + std::to_string(id.failure.os), place);
  return id.value;
}

Id Desk::connect(const ConnectOptions& options, Place place) {
  const Outcome<Id> id = loop_->connect(options, 1);
  check(bool(id), "connect: " + std::string(id ? "" : id.failure.code) + " " + std::to_string(id.failure.os), place);
  return id.value;
}

Id Desk::accept(Place place) {
  if (!check(until([&] { return accepted.size() > accepts_taken_; }), "nobody was accepted", place)) return 0;
  return accepted[accepts_taken_++];
}

void Desk::send(Id id, const std::string& frame, Place place) {
  const auto connection = loop_->connection(id);
  if (!check(connection != nullptr, "send: there is no such connection", place)) return;
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  const Outcome<size_t> queued = connection->send({&bytes, 1});
  check(bool(queued), "send: " + std::string(queued ? "" : queued.failure.code), place);
  connection->flush();
}

std::string uniquePath() {
  static std::atomic<int> last{0};
  return "\\\\.\\pipe\\framepipe-test-" + std::to_string(GetCurrentProcessId()) + "-" + std::to_string(++last);
}

std::wstring wide(const std::string& text) {
  return {text.begin(), text.end()};
}

ListenOptions serving(const std::string& path) {
  ListenOptions options;
  options.path = path;
  return options;
}

ConnectOptions connecting(const std::string& path) {
  ConnectOptions options;
  options.path = path;
  return options;
}

Framing message() {
  Framing framing;
  framing.kind = FramingKind::Message;
  return framing;
}

Framing raw() {
  Framing framing;
  framing.kind = FramingKind::Raw;
  return framing;
}

HANDLE openClient(const std::string& path, DWORD access, DWORD flags) {
  const HANDLE pipe = CreateFileA(path.c_str(), access, 0, nullptr, OPEN_EXISTING, flags, nullptr);
  return pipe == INVALID_HANDLE_VALUE ? nullptr : pipe;
}

bool writeAll(HANDLE pipe, const std::string& bytes) {
  DWORD written = 0;
  return WriteFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), &written, nullptr) && written == bytes.size();
}

std::string readSome(HANDLE pipe, DWORD* error) {
  std::string bytes(1 << 20, '\0');
  DWORD count = 0;
  const BOOL ok = ReadFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), &count, nullptr);
  if (error) *error = ok ? ERROR_SUCCESS : GetLastError();
  bytes.resize(count);
  return bytes;
}

std::string prefixed(const std::string& frame) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(frame.size() >> shift);
  return bytes + frame;
}

DWORD handles() {
  DWORD count = 0;
  GetProcessHandleCount(GetCurrentProcess(), &count);
  return count;
}

}  // namespace framepipe::test
