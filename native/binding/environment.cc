#include "binding/environment.h"

#include <algorithm>

#include "binding/loop_binding.h"

namespace framepipe {

namespace {

// What has gathered on one connection is written before JavaScript's turn ends: the peer need not wait for it.
constexpr size_t kFlushFrom = 64u << 10;

template <class Array>
auto spanOf(Array array) {
  return std::span(array.Data(), array.ElementLength());
}

}  // namespace

Environment* Environment::create(Napi::Env env, const Shared& shared) {
  auto* self = new Environment(env, shared);
  if (self->doorbell_.open(self->uvLoop(), [](void* e) { static_cast<Environment*>(e)->answer(); }, self) != 0) {
    delete self;
    return nullptr;
  }
  if (napi_add_async_cleanup_hook(env, stop, self, &self->hook_) != napi_ok) {
    self->doorbell_.close([](void* e) { delete static_cast<Environment*>(e); });
    return nullptr;
  }
  return self;
}

Environment::Environment(Napi::Env env, const Shared& shared)
    : env_(env),
      loop_(makeLoop(*this)),
      busy_poll_(loop_->hasThread() ? std::make_unique<BusyPoll>(*loop_, doorbell_) : nullptr),
      impersonation_(std::make_unique<ImpersonationBinding>(*loop_, *this)) {
  napi_create_reference(env, shared.deliver, 1, &deliver_);
  shared_.push_back(deliver_);
  for (const napi_value array : {napi_value(shared.events), napi_value(shared.table), napi_value(shared.outbox),
                                 napi_value(shared.outbox_table)}) {
    napi_create_reference(env, array, 1, &shared_.emplace_back());
  }
  // The last element tells JavaScript whether it is in a delivery; the others carry events.
  const std::span<double> events = spanOf(shared.events);
  turn_ = &events.back();
  delivery_ = std::make_unique<Delivery>(env, deliver_, events.first(events.size() - 1), spanOf(shared.table));
  outbox_ = std::make_unique<Outbox>(spanOf(shared.outbox), spanOf(shared.outbox_table));
}

Environment::~Environment() = default;

Outcome<size_t> Environment::send(const std::shared_ptr<Connection>& connection,
                                  std::span<const std::span<const uint8_t>> frames) {
  const Outcome<size_t> queued = connection->send(frames);
  if (!queued || flushesLater(connection, queued.value)) return queued;
  return connection->send({});  // how much the system did not take
}

Outcome<size_t> Environment::broadcast(const Framing& framing, std::span<double> connections,
                                       std::span<const std::span<const uint8_t>> frames) {
  std::vector<std::shared_ptr<Connection>> recipients;
  recipients.reserve(connections.size());
  for (const double id : connections) recipients.push_back(loop_->connection(static_cast<Id>(id)));
  const auto found = std::find_if(recipients.begin(), recipients.end(), [](const auto& one) { return one != nullptr; });
  EncodedFrames encoded(framing, found == recipients.end() ? nullptr : (*found)->pool());
  if (const Failure failure = encoded.encode(frames)) return failure;
  for (const auto& connection : recipients)
    if (const Failure failure = connection ? connection->admit(encoded) : Failure{}) return failure;
  size_t sent = 0;
  for (size_t i = 0; i < recipients.size(); ++i) {
    const auto queued = recipients[i] ? recipients[i]->offer(encoded) : connectionEnded("write");
    if (queued && !queued.value) continue;  // it is behind
    connections[i] = 0;
    if (!queued) continue;
    ++sent;
    flushesLater(recipients[i], *queued.value);
  }
  return sent;
}

// What is much by now goes out at once.
bool Environment::flushesLater(const std::shared_ptr<Connection>& connection, size_t queued) {
  if (queued >= kFlushFrom) {
    connection->flush();
    return false;
  }
  if (connection->awaitFlush()) unflushed_.push_back(connection);
  return true;
}

// The promises of these sends are settled already: what cannot be carried out is told by the connection's end.
void Environment::takeOutbox() {
  if (outbox_->empty()) return;
  for (const Outbox::Run& run : outbox_->take()) {
    const auto connection = loop_->connection(run.connection);
    if (!connection) continue;
    const Outcome<size_t> queued = send(connection, run.frames);
    if (!queued) unsent_.emplace(run.connection, queued.failure);
  }
  if (!delivering_) tellUnsent();
}

// Before what waits already, for the end may be among it; in a delivery that has begun, with the end.
void Environment::tellUnsent() {
  if (unsent_.empty()) return;
  std::vector<Event> events;
  for (const auto& [connection, failure] : unsent_) events.push_back({Event::Kind::Unsent, connection, 0, failure});
  unsent_.clear();
  if (loop_->events().pushFirst(std::move(events))) ring();
}

// JavaScript may have been called, and sent more, since this delivery began.
void Environment::addUnsent(Event& end) {
  delivery_->makeRoom();
  takeOutbox();
  const auto found = unsent_.find(end.id);
  if (found == unsent_.end()) return;
  if (!end.failure) end.failure = found->second;
  unsent_.erase(found);
}

void Environment::flush() {
  takeOutbox();
  // flush() of a platform never calls JavaScript, so nothing is added meanwhile.
  for (const auto& connection : unflushed_) {
    connection->flush();
    if (busy_poll_) busy_poll_->sent();
  }
  unflushed_.clear();
}

// Called by the doorbell.
void Environment::answer() noexcept {
  do deliver();
  while (!stopping_ && busy_poll_ && busy_poll_->again(uvLoop()));
}

void Environment::deliver() noexcept {
  const Napi::HandleScope scope(env_);
  if (stopping_ || !runsJavaScript()) return;
  loop_->events().take(taken_);
  // A local copy of the vector: JavaScript may end the environment from within.
  std::vector<Event> events = std::move(taken_);
  *turn_ = 1;
  delivering_ = true;
  for (Event& event : events) {
    if (event.kind == Event::Kind::Closed) addUnsent(event);
    loop_->admit(event);
    impersonation_->settle(event);
    if (!delivery_->add(event) && runsJavaScript()) {
      if (const auto connection = loop_->connection(event.id)) connection->destroy({});
    }
    if (busy_poll_) busy_poll_->heard(event);
  }
  delivering_ = false;
  tellUnsent();
  delivery_->call();
  *turn_ = 0;
  for (const Event& event : events) {
    loop_->forget(event);
    // Not before: while it is called, JavaScript may still give slabs back.
    if (event.kind == Event::Kind::Closed) slabs().forget(event.id);
  }
  flush();
  events.clear();
  taken_ = std::move(events);
  // What JavaScript brought about meanwhile is told before the process may end.
  if (retained_ == 0 && loop_->events().empty()) doorbell_.keepAlive(false);
}

// A worker that is being terminated turns its loop before it runs the cleanup hooks.
bool Environment::runsJavaScript() noexcept {
  napi_value global;
  bool same = false;
  return napi_get_global(env_, &global) == napi_ok && napi_strict_equals(env_, global, global, &same) == napi_ok;
}

void Environment::retain() noexcept {
  if (retained_++ == 0) doorbell_.keepAlive(true);
}

// Not at once: what has happened last is told before the process may end.
void Environment::release() noexcept {
  if (--retained_ == 0) doorbell_.ring();
}

uv_loop_s* Environment::uvLoop() noexcept {
  uv_loop_s* loop = nullptr;
  napi_get_uv_event_loop(env_, &loop);
  return loop;
}

void Environment::stop(napi_async_cleanup_hook_handle, void* environment) {
  auto* self = static_cast<Environment*>(environment);
  self->flush();  // what was sent just before process.exit() still goes out, as far as the system takes it
  self->stopping_ = true;
  self->impersonation_->stop();
  self->loop_->stop([](void* e) { static_cast<Environment*>(e)->stopped(); }, self);
  // No thread rings any more.
  self->doorbell_.close([](void* e) { static_cast<Environment*>(e)->stopped(); });
}

// The loop, and the doorbell.
void Environment::stopped() noexcept {
  if (--running_ > 0) return;
  impersonation_.reset();
  busy_poll_.reset();
  loop_.reset();
  delivery_.reset();
  for (const napi_ref reference : shared_) napi_delete_reference(env_, reference);
  const napi_async_cleanup_hook_handle hook = hook_;
  delete this;
  napi_remove_async_cleanup_hook(hook);
}

}  // namespace framepipe
