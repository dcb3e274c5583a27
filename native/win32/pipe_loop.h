// Windows' loop: named pipes on one completion port, served by one thread, of this environment alone.
// Listeners and connections live on the JS thread and the port thread at once; what they share with
// each other and with JavaScript goes through here.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "core/block_pool.h"
#include "core/loop.h"
#include "win32/live_set.h"
#include "win32/port.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class InstanceWait;
struct PipeEnd;

class PipeLoop final : public Loop, public EventSink {
 public:
  explicit PipeLoop(Host& host) : host_(host) {}
  ~PipeLoop() override;

  // JS thread.
  Outcome<Id> listen(const ListenOptions& options) override;
  Outcome<Id> connect(const ConnectOptions& options, Id request) override;
  bool waitForInstance(const std::string& path, double milliseconds, Id request) override;
  void cancelWait(Id request) override;
  void admit(const Event& event) override;
  void forget(const Event& event) override;
  bool hasThread() const override { return true; }
  void stop(void (*done)(void*), void* argument) override;
  Host& host() { return host_; }

  // Any thread.
  Port& port() { return port_; }
  LiveSet& live() { return live_; }
  const std::shared_ptr<BlockPool>& pool() const { return pool_; }
  void report(Event&& event) noexcept override;
  // A connection with a number of its own, which JavaScript does not know yet; null: it is too late.
  std::shared_ptr<Connection> adopt(PipeEnd&& end);

 private:
  Outcome<Id> connectHere(const std::wstring& path, const ConnectOptions& options);
  Outcome<Id> connectElsewhere(const std::wstring& path, const ConnectOptions& options, Id request);

  Host& host_;
  const std::shared_ptr<BlockPool> pool_ = std::make_shared<BlockPool>();
  Port port_;
  LiveSet live_;
  std::atomic<bool> stopping_{false};
  // JS thread only.
  std::unordered_set<Id> connecting_;  // requests that a RemoteConnect is at
  std::unordered_map<Id, std::shared_ptr<InstanceWait>> waits_;
  UniqueHandle folder_;  // of all pipes: opened for the first InstanceWait
};

}  // namespace framepipe::win32
