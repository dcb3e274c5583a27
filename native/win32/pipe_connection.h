// One end of a connected pipe. JavaScript calls from its thread; Windows answers on the port thread.
#pragma once
#include <windows.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/connection.h"
#include "core/loop.h"
#include "core/receiver.h"
#include "core/send_queue.h"
#include "win32/blocking_call.h"
#include "win32/iocp.h"
#include "win32/live_set.h"
#include "win32/mutex.h"
#include "win32/operation.h"
#include "win32/security_descriptor.h"
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
  std::shared_ptr<PipeListener> listener = nullptr;  // whose instance it is; null: a client
};

class PipeConnection final : public Connection,
                             public OperationOwner,
                             public Live,
                             public Watched,
                             public std::enable_shared_from_this<PipeConnection> {
 public:
  PipeConnection(PipeLoop& loop, Id id, PipeEnd&& end);

  Id id() const { return id_; }

  // Any thread, once, before anything else: reading begins.
  void start();

  // JS thread.
  const Peer& peer() const override { return peer_; }
  Traffic traffic() const override;
  Outcome<size_t> send(std::span<const std::span<const uint8_t>> frames) override;
  void flush() override;
  void consumed(size_t bytes) override;
  void endSending(Id request) override;
  void close() override;
  void destroy(const Failure& failure) override;
  void waitForDrain(Id request) override;
  void cancelDrain(Id request) override;
  void keepAlive(bool on) override;

  // Impersonation thread.
  Outcome<std::shared_ptr<Identity>> identity(bool to_act) override;

  // Port thread.
  void completed(Operation& operation, Completion completion) noexcept override;
  bool beat() noexcept override;

  // Any thread.
  void abort() noexcept override;
  DWORD setAccess(const SecurityDescriptor& descriptor);

 private:
  enum class State : uint8_t {
    Open,
    Closing,  // what is queued goes out; what arrives is thrown away, for the peer may have to write before it reads
    Aborting,  // waits for Windows to give back what it has been lent
    Released,
  };
  enum class Issued : uint8_t {
    Done,  // no packet will come
    Pending,  // a packet will come, or has come already
  };
  struct Drain {
    Id request;
    uint64_t upto;  // position in what was sent
  };
  using Lock = std::unique_lock<Mutex>;

  bool canRead() const { return (static_cast<int>(options_.direction) & static_cast<int>(Direction::In)) != 0; }
  bool canWrite() const { return (static_cast<int>(options_.direction) & static_cast<int>(Direction::Out)) != 0; }
  bool isMessage() const { return options_.framing.kind == FramingKind::Message; }
  void emit(Event::Kind kind, const Failure& failure = {});

  // Around every call that Windows may answer later. Under the lock.
  OVERLAPPED* lend(Operation& operation);
  Issued issued(Operation& operation, BOOL ok, DWORD& error);
  void nudge();  // the port thread shall read and write on
  void watchPeer();

  // pipe_reading.cc: port thread.
  void read();
  bool mayRead();
  std::optional<Completion> issueRead();
  bool arrived(const Completion& completion);
  bool bytesArrived(const Completion& completion);
  void end(const Failure& failure);
  bool isPeerGone();
  void peerGone();

  // pipe_writing.cc: under the lock.
  void write();
  void written(const Completion& completion);
  void writingFailed(DWORD error);
  void tellIfDrained();
  void settleEnding(const Failure& failure);

  // pipe_draining.cc: under the lock.
  void flushIfDue();
  void flushed();
  void failDrains(const Failure& failure);

  // pipe_connection.cc: under the lock.
  void cutShort(const Failure& failure);
  void releaseIfDone(Lock lock);

  PipeLoop& loop_;
  const Id id_;
  const ChannelOptions options_;
  const std::shared_ptr<PipeListener> listener_;
  const bool server_;
  Peer peer_;
  bool skips_ = false;  // a call that succeeds at once queues no packet
  bool keeps_alive_ = false;  // JS thread only

  Operation read_, write_, nudge_, probe_;
  BlockingCall flush_;

  // Port thread only, as is everything that reads.
  Receiver receiver_;
  std::atomic<bool> reading_{false};  // read_ is lent out; becomes so under the lock
  std::atomic<bool> ended_{false};  // JavaScript has been told that nothing more comes
  std::atomic<size_t> unconsumed_{0};
  std::atomic<bool> paused_{false};  // consumed() has to nudge
  std::atomic<bool> read_rest_{false};  // the peer is gone: no high-water mark for what it left
  std::atomic<State> state_{State::Open};  // changes under the lock
  std::atomic<uint64_t> bytes_in_{0}, bytes_out_{0}, frames_in_{0}, frames_out_{0};

  Mutex mutex_;  // all below
  UniqueHandle handle_;
  int lent_ = 0;  // operations that are to come home, and who else has to be through before Closed
  bool nudged_ = false;
  bool watched_ = false;
  Failure failure_;  // what Closed will say

  SendQueue queue_;
  BlockRef writing_block_;  // write_ is lent out, with bytes of this
  bool writing_ = false;
  bool write_failed_ = false;
  bool over_mark_ = false;  // JavaScript waits for Drained
  bool sending_ended_ = false;
  Id ending_ = 0;  // the request that waits until all is written
  uint64_t accepted_ = 0;  // bytes queued, ever
  uint64_t taken_ = 0;  // bytes that Windows took, ever

  std::vector<Drain> drains_;
  uint64_t flush_upto_ = 0;
  DWORD flush_error_ = 0;  // the flushing thread's, until its packet has arrived
  bool flushing_ = false;
};

}  // namespace framepipe::win32
