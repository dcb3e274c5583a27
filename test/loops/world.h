// A loop with a pretended JavaScript on it: what native/posix and native/win32 are tested with.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop.h"
#include "loops/bytes.h"
#include "loops/check.h"
#include "loops/peer.h"
#include "loops/system.h"
#include "loops/turns.h"

namespace framepipe::test {

// What JavaScript has been told of a connection.
struct Story {
  std::vector<std::string> frames;
  size_t cost = 0;  // what its frames count for
  int drained = 0;
  bool ended = false, closed = false;
  Failure end_failure, close_failure;
};

struct Settlement {
  Failure failure;
  int64_t value = 0;
  explicit operator bool() const { return !failure; }
};

class World final : public Host {
 public:
  World();
  ~World();  // stops the loop, and checks that nothing is left

  Loop& loop() { return *loop_; }
  std::string path(const char* name = "pipe") const { return names_.path(name); }

  // Runs the loop until `met`, for some seconds at most.
  bool until(const std::function<bool()>& met, int seconds = 10);
  void run(int milliseconds);
  void turn() { turns_.once(); }
  // Runs the loop for that time; whether it slept, as nothing happens.
  bool rests(int milliseconds);

  ListenOptions listenOptions(FramingKind kind = FramingKind::LengthPrefix) const;
  ConnectOptions connectOptions(FramingKind kind = FramingKind::LengthPrefix) const;
  Id listen(const ListenOptions& options);
  Id listen() { return listen(listenOptions()); }
  Id connect(const ConnectOptions& options);
  Id connect() { return connect(connectOptions()); }
  Failure refusal(const ConnectOptions& options) { return loop_->connect(options, 1).failure; }

  // The next accepted connection.
  Id accept();
  // One accepted connection, with a raw client.
  Id acceptRaw(RawPeer& client, const ListenOptions& options);
  Id acceptRaw(RawPeer& client) { return acceptRaw(client, listenOptions()); }
  // Both ends are ours.
  struct Pair {
    Id client, server;
  };
  Pair pair(const ListenOptions& options);
  Pair pair() { return pair(listenOptions()); }

  void takeFrom(Id listener, Id connection);

  std::shared_ptr<Connection> connection(Id id) { return loop_->connection(id); }
  Outcome<size_t> send(Id id, std::string_view frame, bool flush = true);
  // Reads from a raw peer while the loop runs.
  std::string read(const RawPeer& peer, size_t count);

  Story& story(Id id) { return stories[id]; }
  bool closes(Id id) {
    return until([&] { return story(id).closed; });
  }
  bool receives(Id id, size_t frames) {
    return until([&] { return story(id).frames.size() >= frames; });
  }
  bool settles(Id request) {
    return until([&] { return settled.count(request) == 1; });
  }

  std::map<Id, Story> stories;
  std::vector<Id> accepted, unlistened;
  std::map<Id, Settlement> settled;
  bool consume = true;                         // frames are consumed as they come
  bool take = true;                            // and connections taken
  std::function<void(const Event&)> on_event;  // "JavaScript": may call anything

  int deliveries = 0;
  int retained() const { return retained_; }

  // Host
  void ring() noexcept override { turns_.ring(); }
  void deliver() noexcept override;
  void retain() noexcept override { ++retained_; }
  void release() noexcept override { --retained_; }
  uv_loop_s* uvLoop() noexcept override { return turns_.uvLoop(); }

  void stop();

 private:
  void record(const Event& event);
  void recordOfConnection(const Event& event);

  Names names_;
  Turns turns_;
  std::unique_ptr<Loop> loop_;
  size_t taken_ = 0;  // of accepted
  int retained_ = 0;
  bool delivering_ = false;
};

}  // namespace framepipe::test
