// A transport over one end of a connected pipe: Windows answers at once, or on the port thread. Under the connection's
// lock, on JavaScript's thread or the port thread, unless said otherwise.
#pragma once
#include <windows.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/connection.h"
#include "win32/blocking_call.h"
#include "win32/live_set.h"
#include "win32/operation.h"
#include "win32/port.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

class PipeListener;
class PipeLoop;

// What a connection is made of: a handle that is associated with the port.
struct PipeEnd {
  UniqueHandle handle;
  Peer peer;
  ChannelOptions options;
  bool server = false;
  bool remote = false;  // the peer is on another machine
  bool tracked = false;  // the server may act as whoever writes: dynamic tracking
  bool reads_messages = false;  // although the framing is of bytes: a read ends where a message does
  std::shared_ptr<PipeListener> listener = nullptr;  // whose instance it is; null: a client
};

class PipeTransport final : public Transport, public Live, public Watched {
 public:
  PipeTransport(PipeLoop& loop, PipeEnd&& end);

  void attach(Connection& connection) override { connection_ = &connection; }
  framepipe::Mutex* mutex() override { return &mutex_; }
  uint64_t now() const override { return GetTickCount64(); }
  size_t firstRoom() const override;
  ReadAnswer read(std::span<uint8_t> room, bool keep) override;
  void pause() override;
  void readSoon() override;
  void writeSoon() override { readSoon(); }
  size_t stretchesAtOnce() const override { return 1; }
  WriteAnswer write(std::span<const std::span<const uint8_t>> stretches) override;
  Failure admit(size_t) override { return {}; }
  bool endSending() override;
  uint64_t unread() override { return 0; }
  std::optional<uint64_t> readByPeer() override { return std::nullopt; }
  Failure tellWhenRead(uint64_t upto) override;
  bool forgetDrain() override;
  void cancel() override;
  void release(bool in_order) override;
  void released() override;
  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override;
  std::shared_ptr<Client> formerClient() override { return former_client_; }

  // Not under the lock: any thread; JavaScript's thread; the port thread.
  DWORD withHandle(const std::function<DWORD(HANDLE)>& use);
  void abort() noexcept override;
  bool onTick(ULONGLONG) noexcept override;

 private:
  // Keeps the connection from being released, too.
  struct Held {
    Connection::Lease lease;
    PipeTransport* transport = nullptr;
    PipeTransport& operator*() const { return *transport; }
  };
  std::shared_ptr<PipeTransport> self() { return {connection_->shared_from_this(), this}; }
  Held held() { return {connection_->lease(), this}; }
  bool willComplete(BOOL ok, DWORD& error) const;
  void watch();
  bool peerLeft();
  void endTold(const Completion&) {}

  bool ofMessages() const;
  bool lendsAnother() const;
  bool sendEmptyMessage();
  ReadAnswer readAnswer(const Completion& completion);
  bool admitsUser(size_t bytes);
  WriteAnswer writeAnswer(const Completion& completion);

  // Port thread, not under the lock.
  void readCompleted(const Completion& completion) { connection_->readCompleted(readAnswer(completion)); }
  void writeCompleted(const Completion& completion) { connection_->writeCompleted(writeAnswer(completion)); }
  void work(const Completion&);
  void flushed(const Completion&);

  PipeLoop& loop_;
  Mutex mutex_;  // the connection's
  Connection* connection_ = nullptr;
  const std::shared_ptr<PipeListener> listener_;
  const bool server_;
  const bool remote_;
  const bool messages_;
  const bool reads_messages_;
  const bool raw_;
  const bool tracked_;
  // The reading thread's.
  bool user_known_ = false;  // it has been asked for when bytes had come
  bool user_counted_ = false;
  std::string user_;
  const size_t greatest_write_;
  size_t largest_write_;  // that this peer is trusted to read soon
  ULONGLONG write_began_ = 0;
  bool skips_ = false;  // a call that succeeds at once queues no packet

  OperationFor<std::shared_ptr<PipeTransport>, &PipeTransport::readCompleted> read_;
  OperationFor<std::shared_ptr<PipeTransport>, &PipeTransport::writeCompleted> write_;
  OperationFor<Held, &PipeTransport::work> work_;
  OperationFor<Held, &PipeTransport::flushed> flushed_;
  OperationFor<Held, &PipeTransport::endTold> end_;
  BlockingCall flush_;
  UniqueHandle handle_;
  std::mutex releasing_;  // identity() against release(); before the connection's lock
  std::shared_ptr<Client> former_client_;

  std::atomic<bool> posted_{false};  // work_
  bool ends_soon_ = false;            // an empty message is the port thread's to send
  bool watched_ = false;
  bool flushing_ = false;
  uint64_t flush_upto_ = 0;
  DWORD flush_error_ = 0;  // the flushing thread's, until its packet has arrived
};

}  // namespace framepipe::win32
