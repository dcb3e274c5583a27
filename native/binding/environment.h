// All state of one JavaScript environment (and one copy of lib/ in it): the loop, the doorbell, the
// delivery of events, the impersonation threads. JS thread only, but for ring().
#pragma once
#include <napi.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "binding/busy_poll.h"
#include "binding/delivery.h"
#include "binding/doorbell.h"
#include "binding/impersonation_binding.h"
#include "binding/outbox.h"
#include "core/host.h"
#include "core/loop.h"

namespace framepipe {

class Environment final : public Host {
 public:
  // What it shares with JavaScript: see NativeAddon.attach in lib/native.ts.
  struct Shared {
    Napi::Function deliver;
    Napi::Float64Array events;
    Napi::Uint32Array table;
    Napi::Uint8Array outbox;
    Napi::Float64Array outbox_table;
  };

  // Lives until the environment ends; owned by its cleanup hook.
  static Environment* create(Napi::Env env, const Shared& shared);

  Loop& loop() { return *loop_; }

  // Queues frames; they are written when JavaScript has had its turn, at flush(), or at once if they are many.
  // Returns the bytes then queued.
  Outcome<size_t> send(const std::shared_ptr<Connection>& connection, std::span<const std::span<const uint8_t>> frames);
  // The same for many connections of one framing, encoded once; none whose queue is above its mark gets them. In
  // `connections` these stay, and 0 takes the place of all others. Returns how many get them. A frame that is refused is
  // for nobody.
  Outcome<size_t> broadcast(const Framing& framing, std::span<double> connections,
                            std::span<const std::span<const uint8_t>> frames);
  Slabs& slabs() { return delivery_->slabs(); }
  // Queues what JavaScript has gathered: before anything else is done with a connection.
  void takeOutbox();
  void flush();

  void ring() noexcept override { doorbell_.ring(); }
  void deliver() noexcept override;
  void retain() noexcept override;
  void release() noexcept override;
  uv_loop_s* uvLoop() noexcept override;

  ImpersonationBinding& impersonation() { return *impersonation_; }

 private:
  Environment(Napi::Env env, const Shared& shared);
  ~Environment();

  // Refuses new work → cancels → waits until the system has given everything back → joins → releases.
  static void stop(napi_async_cleanup_hook_handle hook, void* environment);
  void stopped() noexcept;

  bool flushesLater(const std::shared_ptr<Connection>& connection, size_t queued);
  bool runsJavaScript() noexcept;
  void answer() noexcept;
  void tellUnsent();
  void addUnsent(Event& end);

  napi_env env_;
  napi_ref deliver_ = nullptr;
  std::vector<napi_ref> shared_;  // keep the memory that is shared
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Doorbell doorbell_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<BusyPoll> busy_poll_;                 // if the loop has a thread
  std::unique_ptr<ImpersonationBinding> impersonation_;
  std::vector<Event> taken_;                            // reused from turn to turn
  std::vector<std::shared_ptr<Connection>> unflushed_;
  std::unordered_map<Id, Failure> unsent_;              // why frames of these cannot be sent: still to be told
  bool delivering_ = false;  // events that are no longer in the queue are still to be told
  double* turn_ = nullptr;  // shared with JavaScript: 1 while a delivery and its microtasks run
  size_t retained_ = 0;
  bool stopping_ = false;
  int running_ = 2;  // the loop and the doorbell: not stopped yet
};

// addon.attach(): see NativeAddon in lib/native.ts.
void exportAttach(Napi::Env env, Napi::Object exports);

}  // namespace framepipe
