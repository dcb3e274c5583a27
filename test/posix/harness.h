// A loop of libuv's with a pretended JavaScript on it, and raw peers: what native/posix is tested with.
#pragma once
#include <sys/types.h>
#include <uv.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop.h"

namespace framepipe::test {

void check(bool ok, const char* what, const char* file, int line);
#define CHECK(condition) ::framepipe::test::check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

struct Case {
  Case(const char* name, void (*run)());
};
#define TEST(name)                                              \
  static void name();                                           \
  static const ::framepipe::test::Case name##Case(#name, name); \
  static void name()

// What JavaScript has been told of a connection.
struct Story {
  std::vector<std::string> frames;
  size_t cost = 0;  // what its frames count for
  int drained = 0;
  bool ended = false, closed = false;
  Failure end_failure, close_failure;
};

class World final : public Host {
 public:
  World();
  ~World();  // stops the loop, and checks that nothing is left

  Loop& loop() { return *loop_; }
  std::string path(const char* name = "pipe") const { return directory_ + "/" + name; }

  // Runs the loop until `met`, for 10 s at most.
  bool until(const std::function<bool()>& met);
  void run(int milliseconds);
  // How often the loop turns in that time: a watch that fires for nothing turns it very often.
  int turns(int milliseconds);

  ListenOptions listenOptions(FramingKind kind = FramingKind::LengthPrefix) const;
  ConnectOptions connectOptions(FramingKind kind = FramingKind::LengthPrefix) const;
  Id listen(const ListenOptions& options);
  Id listen() { return listen(listenOptions()); }
  Id connect(const ConnectOptions& options);

  // Reads from a raw peer while the loop runs.
  std::string read(int fd, size_t n);

  // The next accepted connection.
  Id accept();
  // One accepted connection, with a raw client: blocking, length-prefixed by the test itself.
  Id acceptRaw(int& client, const ListenOptions& options);
  Id acceptRaw(int& client) { return acceptRaw(client, listenOptions()); }

  std::shared_ptr<Connection> connection(Id id) { return loop_->connection(id); }
  Outcome<size_t> send(Id id, std::string_view frame, bool flush = true);

  Story& story(Id id) { return stories[id]; }
  std::map<Id, Story> stories;
  std::vector<Id> accepted, unlistened;
  std::map<Id, Failure> settled;
  bool consume = true;                         // frames are consumed as they come
  std::function<void(const Event&)> on_event;  // "JavaScript": may call anything

  int deliveries = 0;
  int retained() const { return retained_; }

  // Host
  void ring() noexcept override { uv_async_send(&doorbell_); }
  void deliver() noexcept override;
  void retain() noexcept override { ++retained_; }
  void release() noexcept override { --retained_; }
  uv_loop_s* uvLoop() noexcept override { return &uv_; }

  void stop();

 private:
  void record(const Event& event);

  std::string directory_;
  uv_loop_t uv_;
  uv_async_t doorbell_;
  uv_timer_t tick_;
  uv_prepare_t prepare_;
  std::unique_ptr<Loop> loop_;
  std::map<Id, Id> live_;
  size_t taken_ = 0;  // of accepted
  int retained_ = 0;
  int turns_ = 0;
  bool delivering_ = false;
  bool stopped_ = false;
};

// Raw peers.
int rawConnect(const std::string& path, int type = 0);  // 0: SOCK_STREAM; -1 with errno
int rawListen(const std::string& path, int backlog = 16, int type = 0);
std::string pattern(size_t size, unsigned seed);
std::string framed(std::string_view payload);
bool writeAll(int fd, std::string_view bytes);
std::string readAll(int fd);                // to the end; errno tells how it ended
std::string readExactly(int fd, size_t n);  // blocks: what is already on its way
int openDescriptors();
bool exists(const std::string& path);
// Runs in a child process, as another user if uid is given; its exit code.
int inChild(const std::function<int()>& body, uid_t uid = 0);
bool same(const Failure& failure, const char* code);

}  // namespace framepipe::test
