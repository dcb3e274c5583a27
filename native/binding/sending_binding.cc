#include "binding/sending_binding.h"

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "binding/framing_argument.h"
#include "binding/loop_function.h"

namespace framepipe {

namespace {

constexpr Failure kClosed = connectionEnded("write");
constexpr Failure kNotInSlab{"EINVAL", "write", 0, "the batch's memory is gone: its ArrayBuffer is detached"};

// The bytes of a Uint8Array: raw Node-API, for this is the hot path.
std::span<const uint8_t> bytesOf(napi_env env, napi_value array) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_buffer_info(env, array, &data, &length) != napi_ok) return {};
  return {static_cast<const uint8_t*>(data), length};
}

Napi::Value sendAll(const Napi::CallbackInfo& info, std::span<const std::span<const uint8_t>> frames) {
  environment(info).takeOutbox();
  const auto connection = connectionOf(info);
  if (!connection) return failureValue(info.Env(), kClosed);
  return numberOrFailure(info.Env(), environment(info).send(connection, frames));
}

Napi::Value send(const Napi::CallbackInfo& info) {
  const std::array frame{bytesOf(info.Env(), info[1])};
  return sendAll(info, frame);
}

std::vector<std::span<const uint8_t>> framesOf(const Napi::Array& array) {
  const uint32_t count = array.Length();
  std::vector<std::span<const uint8_t>> frames;
  frames.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::HandleScope scope(array.Env());
    frames.push_back(bytesOf(array.Env(), array.Get(i)));
  }
  return frames;
}

Napi::Value sendMany(const Napi::CallbackInfo& info) {
  return sendAll(info, framesOf(info[1].As<Napi::Array>()));
}

// Those that lie in a slab: see NativeLoop.sendBatch. Nothing where the slab does not have them (any more).
std::optional<std::vector<std::span<const uint8_t>>> framesWithin(const Napi::CallbackInfo& info, size_t at) {
  const std::span<const uint8_t> slab = bytesOf(info.Env(), info[at]);
  const auto table = info[at + 1].As<Napi::Uint32Array>();
  const std::span<const uint32_t> bounds(table.Data(), table.ElementLength());
  const size_t first = numberAt(info, at + 2), count = numberAt(info, at + 3);
  if (first + count > bounds.size() / 2) return std::nullopt;
  std::vector<std::span<const uint8_t>> frames;
  frames.reserve(count);
  for (size_t i = first; i < first + count; ++i) {
    const size_t begin = bounds[2 * i], end = bounds[2 * i + 1];
    if (begin > end || end > slab.size()) return std::nullopt;
    frames.push_back(slab.subspan(begin, end - begin));
  }
  return frames;
}

Napi::Value sendBatch(const Napi::CallbackInfo& info) {
  const auto frames = framesWithin(info, 1);
  return frames ? sendAll(info, *frames) : failureValue(info.Env(), kNotInSlab);
}

Napi::Value broadcast(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  const Framing* framing = framingArgument(info[0]);
  if (!framing) return {};
  auto connections = info[1].As<Napi::Float64Array>();
  const auto frames = info[2].IsArray() ? std::optional(framesOf(info[2].As<Napi::Array>())) : framesWithin(info, 2);
  if (!frames) return failureValue(info.Env(), kNotInSlab);
  return numberOrFailure(
      info.Env(), environment(info).broadcast(*framing, {connections.Data(), connections.ElementLength()}, *frames));
}

Napi::Value takeOutbox(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  return info.Env().Undefined();
}

Napi::Value flush(const Napi::CallbackInfo& info) {
  environment(info).flush();
  return info.Env().Undefined();
}

}  // namespace

void exportSending(Napi::Object object, Environment& environment) {
  add<send>(object, "send", environment);
  add<sendMany>(object, "sendMany", environment);
  add<sendBatch>(object, "sendBatch", environment);
  add<broadcast>(object, "broadcast", environment);
  add<takeOutbox>(object, "takeOutbox", environment);
  add<flush>(object, "flush", environment);
}

}  // namespace framepipe
