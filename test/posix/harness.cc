#include "harness.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace framepipe::test {

namespace {

struct Entry {
  const char* name;
  void (*run)();
};

std::vector<Entry>& cases() {
  static std::vector<Entry> all;
  return all;
}

int failures_in_case = 0;

}  // namespace

Case::Case(const char* name, void (*run)()) {
  cases().push_back({name, run});
}

void check(bool ok, const char* what, const char* file, int line) {
  if (ok) return;
  ++failures_in_case;
  std::fprintf(stderr, "  %s:%d: %s\n", file, line, what);
}

World::World() {
  char directory[] = "/tmp/framepipe-test-XXXXXX";
  directory_ = ::mkdtemp(directory);
  ::chmod(directory, 0755);
  uv_loop_init(&uv_);
  uv_async_init(&uv_, &doorbell_, [](uv_async_t* async) { static_cast<World*>(async->data)->deliver(); });
  doorbell_.data = this;
  uv_timer_init(&uv_, &tick_);
  uv_timer_start(&tick_, [](uv_timer_t*) {}, 5, 5);
  uv_prepare_init(&uv_, &prepare_);
  uv_prepare_start(&prepare_, [](uv_prepare_t* p) { ++static_cast<World*>(p->data)->turns_; });
  prepare_.data = this;
  loop_ = makeLoop(*this);
}

World::~World() {
  stop();
  for (uv_handle_t* handle : {reinterpret_cast<uv_handle_t*>(&doorbell_), reinterpret_cast<uv_handle_t*>(&tick_),
                              reinterpret_cast<uv_handle_t*>(&prepare_)})
    uv_close(handle, nullptr);
  uv_run(&uv_, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&uv_) == 0);
  CHECK(retained_ == 0);
  std::filesystem::remove_all(directory_);
}

void World::stop() {
  if (stopped_) return;
  bool done = false;
  loop_->stop([](void* flag) { *static_cast<bool*>(flag) = true; }, &done);
  CHECK(until([&] { return done; }));
  stopped_ = true;
  loop_.reset();
}

bool World::until(const std::function<bool()>& met) {
  const uint64_t end = uv_hrtime() + 10'000'000'000;
  while (!met()) {
    if (uv_hrtime() > end) return false;
    uv_run(&uv_, UV_RUN_ONCE);
  }
  return true;
}

void World::run(int milliseconds) {
  const uint64_t end = uv_hrtime() + static_cast<uint64_t>(milliseconds) * 1'000'000;
  until([&] { return uv_hrtime() >= end; });
}

int World::turns(int milliseconds) {
  const int before = turns_;
  run(milliseconds);
  return turns_ - before;
}

ListenOptions World::listenOptions(FramingKind kind) const {
  ListenOptions options;
  options.path = path();
  options.framing.kind = kind;
  return options;
}

ConnectOptions World::connectOptions(FramingKind kind) const {
  ConnectOptions options;
  options.path = path();
  options.framing.kind = kind;
  return options;
}

Id World::listen(const ListenOptions& options) {
  const auto listener = loop_->listen(options);
  CHECK(listener);
  return listener.value;
}

Id World::connect(const ConnectOptions& options) {
  const auto id = loop_->connect(options, 77);
  CHECK(id);
  return id.value;
}

std::string World::read(int fd, size_t n) {
  std::string all(n, '\0');
  size_t got = 0;
  CHECK(until([&] {
    const ssize_t count = ::recv(fd, all.data() + got, n - got, MSG_DONTWAIT);
    if (count > 0) got += static_cast<size_t>(count);
    return got == n || count == 0;
  }));
  all.resize(got);
  return all;
}

Id World::accept() {
  CHECK(until([&] { return accepted.size() > taken_; }));
  return accepted.size() > taken_ ? accepted[taken_++] : 0;
}

Id World::acceptRaw(int& client, const ListenOptions& options) {
  listen(options);
  client = rawConnect(options.path, options.framing.kind == FramingKind::Message ? SOCK_SEQPACKET : SOCK_STREAM);
  CHECK(client >= 0);
  return accept();
}

Outcome<size_t> World::send(Id id, std::string_view frame, bool flush) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  const auto target = loop_->connection(id);
  if (!target) return Failure{"GONE", "write", 0, nullptr, {}};
  const auto queued = target->send({&bytes, 1});
  if (flush && queued) target->flush();
  return queued;
}

void World::deliver() noexcept {
  CHECK(!delivering_);  // never out of a call from JavaScript
  if (!loop_ || delivering_) return;
  delivering_ = true;
  ++deliveries;
  std::vector<Event> events;
  loop_->events().take(events);
  for (Event& event : events) {
    loop_->admit(event);
    record(event);
    if (on_event) on_event(event);
    if (event.kind == Event::Kind::Frames && consume)
      if (const auto one = loop_->connection(event.id)) one->consumed(event.frames.cost());
  }
  for (const Event& event : events) loop_->forget(event);
  delivering_ = false;
}

// The order that Connection promises: Accepted before all, Ended once, Closed once and last.
void World::record(const Event& event) {
  Story& told = stories[event.id];
  const bool of_connection = event.kind <= Event::Kind::Closed;
  if (of_connection) CHECK(!told.closed);
  switch (event.kind) {
    case Event::Kind::Frames:
      CHECK(!told.ended);
      CHECK(!event.frames.frames.empty());
      for (const Boundary& frame : event.frames.frames)
        told.frames.emplace_back(reinterpret_cast<const char*>(event.frames.data()) + frame.begin,
                                 frame.end - frame.begin);
      told.cost += event.frames.cost();
      break;
    case Event::Kind::Ended:
      CHECK(!told.ended);
      told.ended = true;
      told.end_failure = event.failure;
      break;
    case Event::Kind::Unsent:  // the boundary's own
      break;
    case Event::Kind::Drained:
      ++told.drained;
      break;
    case Event::Kind::Closed:
      told.closed = true;
      told.close_failure = event.failure;
      break;
    case Event::Kind::Accepted:
      stories[event.other] = {};
      accepted.push_back(event.other);
      break;
    case Event::Kind::Unlistened:
      unlistened.push_back(event.id);
      break;
    case Event::Kind::Settled:
      settled[event.id] = event.failure;
      break;
  }
}

int runAll(const char* only) {
  {
    const World first;
  }  // libuv keeps two descriptors for the life of the process
  int passed = 0, failed = 0;
  for (const Entry& entry : cases()) {
    if (only && !std::strstr(entry.name, only)) continue;
    failures_in_case = 0;
    const int before = openDescriptors();
    entry.run();
    CHECK(openDescriptors() == before);
    std::printf("%s %s\n", failures_in_case ? "FAILED" : "ok    ", entry.name);
    std::fflush(stdout);
    failures_in_case ? ++failed : ++passed;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed || !passed;
}

}  // namespace framepipe::test

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_DFL);  // a write without MSG_NOSIGNAL shall be noticed
  return framepipe::test::runAll(count > 1 ? arguments[1] : nullptr);
}
