#include "binding/environment.h"

#include "binding/loop_binding.h"

namespace framepipe {

Environment* Environment::create(Napi::Env env, Napi::Function deliver, Napi::Uint32Array events,
                                 Napi::Uint32Array table) {
  auto* self = new Environment(env, deliver, events, table);
  // Registered after the doorbell's own hook, and so run before it: threads that ring are joined first.
  if (self->doorbell_.open(
          env, [](void* e) { static_cast<Environment*>(e)->deliver(); }, self) != napi_ok ||
      napi_add_async_cleanup_hook(env, stop, self, &self->hook_) != napi_ok) {
    self->doorbell_.close();
    delete self;
    return nullptr;
  }
  return self;
}

Environment::Environment(Napi::Env env, Napi::Function deliver, Napi::Uint32Array events, Napi::Uint32Array table)
    : env_(env), loop_(makeLoop(*this)), impersonation_(std::make_unique<ImpersonationBinding>(*loop_, *this)) {
  napi_create_reference(env, deliver, 1, &deliver_);
  napi_create_reference(env, events, 1, &events_);
  napi_create_reference(env, table, 1, &table_);
  // The last element tells JavaScript whether it is in a delivery; the others carry events.
  turn_ = events.Data() + events.ElementLength() - 1;
  delivery_ = std::make_unique<Delivery>(env, deliver_, std::span(events.Data(), events.ElementLength() - 1),
                                         std::span(table.Data(), table.ElementLength()));
}

Environment::~Environment() = default;

void Environment::needsFlush(const std::shared_ptr<Connection>& connection) {
  if (unflushed_.empty() || unflushed_.back() != connection) unflushed_.push_back(connection);
}

void Environment::flush() {
  // flush() of a platform never calls JavaScript, so nothing is added meanwhile.
  for (const auto& connection : unflushed_) connection->flush();
  unflushed_.clear();
}

void Environment::deliver() noexcept {
  const Napi::HandleScope scope(env_);
  if (stopping_ || !runsJavaScript()) return;
  loop_->events().take(taken_);
  // A local copy of the vector: JavaScript may end the environment from within.
  std::vector<Event> events = std::move(taken_);
  *turn_ = 1;
  for (Event& event : events) {
    loop_->admit(event);
    impersonation_->settle(event);
    delivery_->add(event);
  }
  delivery_->call();
  *turn_ = 0;
  for (const Event& event : events) loop_->forget(event);
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
  self->loop_->stop([](void* e) { static_cast<Environment*>(e)->loopStopped(); }, self);
  // No thread rings any more. Now, for the function behind the doorbell is gone after this hook.
  self->doorbell_.close();
  self->hook_done_ = true;
  if (self->loop_stopped_) self->finish();
}

void Environment::loopStopped() noexcept {
  loop_stopped_ = true;
  if (hook_done_) finish();
}

void Environment::finish() noexcept {
  impersonation_.reset();
  loop_.reset();
  delivery_.reset();
  for (napi_ref reference : {deliver_, events_, table_}) napi_delete_reference(env_, reference);
  const napi_async_cleanup_hook_handle hook = hook_;
  delete this;
  napi_remove_async_cleanup_hook(hook);
}

}  // namespace framepipe
