// A transport whose reads and writes complete on the port's thread. Under the connection's lock, on JavaScript's thread
// or the port's, unless said otherwise.
#pragma once
#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "random.h"
#include "threads_port.h"

namespace simulation {

// What goes over the pipe, each way: known before, and so read by all threads without a lock.
struct Traffic {
  framepipe::Framing framing;
  std::vector<std::vector<uint8_t>> frames;
  std::vector<uint8_t> wire;
  std::vector<size_t> ends;  // of the frames, in the wire
};

class ThreadedTransport final : public framepipe::Transport {
 public:
  struct Stage {  // outlives all schedules' transports
    std::atomic<int> broken{0};
    std::atomic<int> releases{0}, told{0};
    void require(bool holds, const char* rule);
  };
  ThreadedTransport(Port& port, Stage& stage, const Traffic& in, const Traffic& out, uint64_t seed);

  void attach(framepipe::Connection& connection) override { connection_ = &connection; }
  framepipe::Mutex* mutex() override { return &mutex_; }
  size_t firstRoom() const override { return 32; }
  framepipe::ReadAnswer read(std::span<uint8_t> room, bool keep) override;
  void pause() override {}
  void readSoon() override;
  void writeSoon() override { readSoon(); }
  size_t stretchesAtOnce() const override { return 1; }
  framepipe::WriteAnswer write(std::span<const std::span<const uint8_t>> stretches) override;
  framepipe::Failure admit(size_t) override { return {}; }
  uint64_t now() const override { return 0; }
  bool endSending() override { return false; }
  uint64_t unread() override { return 0; }
  std::optional<uint64_t> readByPeer() override { return std::nullopt; }
  framepipe::Failure tellWhenRead(uint64_t upto) override;
  bool forgetDrain() override { return false; }
  void cancel() override;
  void release(bool in_order) override;  // not under the lock
  void released() override;  // not under the lock
  framepipe::Outcome<std::shared_ptr<framepipe::Identity>> identity(bool) override { return framepipe::Failure{}; }

  // Port thread, not under the lock.
  void arrived(Packet&& packet);

 private:
  std::shared_ptr<ThreadedTransport> self() { return {connection_->shared_from_this(), this}; }
  framepipe::ReadAnswer answer(std::span<uint8_t> room);
  framepipe::WriteAnswer take(std::span<const uint8_t> stretch);

  struct RealMutex final : framepipe::Mutex {
    void lock() noexcept override { mutex.lock(); }
    void unlock() noexcept override { mutex.unlock(); }
    std::mutex mutex;
  };

  RealMutex mutex_;
  Port& port_;
  Stage& stage_;
  const Traffic& in_;
  const Traffic& out_;
  framepipe::Connection* connection_ = nullptr;
  Random random_;  // under the lock
  Random port_random_;  // port thread
  const bool messages_;
  const bool leaves_;  // the peer, when it has sent everything
  const bool fails_;  // writes do, at some time

  // Of the one read and the one write: whoever has it in hand.
  std::span<uint8_t> room_;
  std::span<const uint8_t> stretch_;
  size_t read_ = 0, read_frames_ = 0;
  size_t written_ = 0;

  bool reading_ = false;  // a read is in flight, and nothing has arrived for it yet
  uint64_t drain_upto_ = 0;
  std::atomic<bool> posted_{false};
};

}  // namespace simulation
