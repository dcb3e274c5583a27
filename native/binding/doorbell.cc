#include "binding/doorbell.h"

namespace framepipe {

napi_status Doorbell::open(napi_env env, void (*answer)(void*), void* argument) {
  env_ = env;
  answer_ = answer;
  argument_ = argument;
  napi_value name;
  napi_status status = napi_create_string_utf8(env, "framepipe", NAPI_AUTO_LENGTH, &name);
  if (status != napi_ok) return status;
  status = napi_create_threadsafe_function(
      env, /*func=*/nullptr, /*async_resource=*/nullptr, name, /*max_queue_size=*/0,
      /*initial_thread_count=*/1, /*thread_finalize_data=*/nullptr, /*thread_finalize_cb=*/nullptr,
      /*context=*/this, answered, &function_);
  if (status == napi_ok) keepAlive(false);
  return status;
}

void Doorbell::ring() noexcept {
  // An unanswered ring will see what this one is about: the answer clears the flag before it looks.
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  if (function_) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Doorbell::keepAlive(bool on) noexcept {
  if (!function_) return;
  if (on)
    napi_ref_threadsafe_function(env_, function_);
  else
    napi_unref_threadsafe_function(env_, function_);
}

void Doorbell::close() noexcept {
  if (!function_) return;
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

void Doorbell::answered(napi_env env, napi_value, void* context, void*) {
  auto* self = static_cast<Doorbell*>(context);
  if (!env || !self->function_) return;  // the environment is ending, or we closed
  self->rung_.store(false, std::memory_order_release);
  self->answer_(self->argument_);
}

}  // namespace framepipe
