// The thread that completes what is in flight, as Windows' port thread does: packets in, calls of connections out.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/connection.h"

namespace simulation {

class ThreadedTransport;

struct Packet {
  enum class Kind : uint8_t { Read, Write, Work, Drain, GiveBack };
  Kind kind;
  std::shared_ptr<ThreadedTransport> transport;  // lives until it has arrived
  framepipe::Connection::Lease lease;            // Work, Drain, GiveBack
};

class Port {
 public:
  Port() : thread_([this] { loop(); }) {}
  ~Port() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    posted_.notify_one();
    thread_.join();
  }

  // Any thread, under connections' locks, too.
  void post(Packet&& packet) {
    {
      const std::lock_guard lock(mutex_);
      packets_.push_back(std::move(packet));
    }
    posted_.notify_one();
  }

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Packet> packets_;
  bool ends_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace simulation
