#include "binding/loop_binding.h"

#include <algorithm>
#include <array>
#include <optional>

#include "binding/argument.h"
#include "binding/environment.h"
#include "binding/failure_value.h"
#include "binding/framing_argument.h"
#include "binding/loop_options.h"

namespace framepipe {

namespace {

constexpr Failure kClosed = connectionEnded("write");

Environment& environment(const Napi::CallbackInfo& info) {
  return *static_cast<Environment*>(info.Data());
}
std::shared_ptr<Connection> connectionOf(const Napi::CallbackInfo& info) {
  return environment(info).loop().connection(idAt(info, 0));
}
std::shared_ptr<Listener> listenerOf(const Napi::CallbackInfo& info) {
  return environment(info).loop().listener(idAt(info, 0));
}

template <class T>
Napi::Value numberOrFailure(Napi::Env env, const Outcome<T>& outcome) {
  if (!outcome) return failureValue(env, outcome.failure);
  return Napi::Number::New(env, static_cast<double>(outcome.value));
}

Napi::Value listen(const Napi::CallbackInfo& info) {
  ListenOptions options;
  if (!readListenOptions(info[0].As<Napi::Object>(), options)) return {};
  return numberOrFailure(info.Env(), environment(info).loop().listen(options));
}

Napi::Value connect(const Napi::CallbackInfo& info) {
  ConnectOptions options;
  if (!readConnectOptions(info, options)) return {};
  return numberOrFailure(info.Env(), environment(info).loop().connect(options, idAt(info, 6)));
}

Napi::Value waitForInstance(const Napi::CallbackInfo& info) {
  Loop& loop = environment(info).loop();
  const bool waits = loop.waitForInstance(info[0].ToString(), info[1].ToNumber().DoubleValue(), idAt(info, 2));
  return Napi::Boolean::New(info.Env(), waits);
}

Napi::Value cancelWait(const Napi::CallbackInfo& info) {
  environment(info).loop().cancelWait(idAt(info, 0));
  return info.Env().Undefined();
}

Napi::Value lastFailure(const Napi::CallbackInfo& info) {
  const auto listener = listenerOf(info);
  const Failure failure = listener ? listener->lastFailure() : Failure{};
  return failure ? failureValue(info.Env(), failure) : info.Env().Undefined();
}

Napi::Value setAccess(const Napi::CallbackInfo& info) {
  const auto listener = listenerOf(info);
  if (!listener) return failureValue(info.Env(), serverClosed("setAccess"));
  const Failure failure = listener->setAccess(accessFrom(info[1]));
  return failure ? failureValue(info.Env(), failure) : Napi::Number::New(info.Env(), 0);
}

Napi::Value access(const Napi::CallbackInfo& info) {
  const auto listener = listenerOf(info);
  const Outcome<std::string> found = listener ? listener->descriptor() : serverClosed("access");
  if (!found) return failureValue(info.Env(), found.failure);
  return Napi::String::New(info.Env(), found.value);
}

Napi::Value closeListener(const Napi::CallbackInfo& info) {
  if (const auto listener = listenerOf(info)) listener->close();
  return info.Env().Undefined();
}

Napi::Value keepListenerAlive(const Napi::CallbackInfo& info) {
  if (const auto listener = listenerOf(info)) listener->keepAlive(info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value refused(const Napi::CallbackInfo& info) {
  const auto listener = listenerOf(info);
  return Napi::Number::New(info.Env(), listener ? static_cast<double>(listener->refused()) : 0);
}

Napi::Value taken(const Napi::CallbackInfo& info) {
  if (const auto listener = listenerOf(info)) listener->taken();
  if (const auto connection = environment(info).loop().connection(idAt(info, 1))) connection->taken();
  return info.Env().Undefined();
}

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

constexpr Failure kNotInSlab{"EINVAL", "write", 0, "the batch's memory is gone: its ArrayBuffer is detached"};

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

Napi::Value consumed(const Napi::CallbackInfo& info) {
  if (const auto connection = connectionOf(info)) connection->consumed(numberAt(info, 1));
  return info.Env().Undefined();
}

Napi::Value giveBack(const Napi::CallbackInfo& info) {
  const Id id = idAt(info, 0);
  if (environment(info).loop().connection(id)) environment(info).slabs().giveBack(id, info[1]);
  return info.Env().Undefined();
}

Napi::Value framed(const Napi::CallbackInfo& info) {
  if (const auto connection = connectionOf(info)) connection->framed(numberAt(info, 1), numberAt(info, 2));
  return info.Env().Undefined();
}

Napi::Value stopReading(const Napi::CallbackInfo& info) {
  if (const auto connection = connectionOf(info)) connection->stopReading();
  return info.Env().Undefined();
}

Napi::Value endSending(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  const auto connection = connectionOf(info);
  if (!connection) return failureValue(info.Env(), kClosed);
  connection->endSending(idAt(info, 1));
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value close(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  if (const auto connection = connectionOf(info)) connection->close();
  return info.Env().Undefined();
}

Napi::Value destroy(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  if (const auto connection = connectionOf(info)) connection->destroy({});
  return info.Env().Undefined();
}

Napi::Value waitForDrain(const Napi::CallbackInfo& info) {
  environment(info).takeOutbox();
  const auto connection = connectionOf(info);
  if (!connection) return failureValue(info.Env(), kClosed);
  connection->waitForDrain(idAt(info, 1));
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value cancelDrain(const Napi::CallbackInfo& info) {
  if (const auto connection = connectionOf(info)) connection->cancelDrain(idAt(info, 1));
  return info.Env().Undefined();
}

Napi::Value keepAlive(const Napi::CallbackInfo& info) {
  if (const auto connection = connectionOf(info)) connection->keepAlive(info[1].ToBoolean());
  return info.Env().Undefined();
}

// Into the Float64Array that JavaScript gives: an array of its own would cost more than all that is in it.
Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto connection = connectionOf(info);
  const Traffic traffic = connection ? connection->traffic() : Traffic{};
  const Peer peer = connection ? connection->peer() : Peer{};
  const std::array numbers{static_cast<double>(traffic.bytes_in),  static_cast<double>(traffic.bytes_out),
                           static_cast<double>(traffic.frames_in), static_cast<double>(traffic.frames_out),
                           static_cast<double>(peer.pid),          static_cast<double>(peer.session),
                           static_cast<double>(peer.uid),          static_cast<double>(peer.gid),
                           static_cast<double>(traffic.queued),    static_cast<double>(traffic.incomplete),
                           static_cast<double>(traffic.paused),    static_cast<double>(traffic.idle)};
  static_assert(std::tuple_size_v<decltype(numbers)> == kDescriptionLength);
  std::copy(numbers.begin(), numbers.end(), info[1].As<Napi::Float64Array>().Data());
  return info.Env().Undefined();
}

Napi::Value countFrom(const Napi::CallbackInfo& info) {
  const Id generation = idAt(info, 0);
  environment(info).loop().countFrom(generation);
  environment(info).impersonation().countFrom(generation);
  return info.Env().Undefined();
}

Napi::Value attach(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::create(
      info.Env(), {info[0].As<Napi::Function>(), info[1].As<Napi::Float64Array>(), info[2].As<Napi::Uint32Array>(),
                   info[3].As<Napi::Uint8Array>(), info[4].As<Napi::Float64Array>()});
  if (!environment) {
    Napi::Error::New(info.Env(), "framepipe could not attach to this environment").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return makeLoopObject(info.Env(), *environment);
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void add(Napi::Object object, const char* name, Environment& environment) {
  object.Set(name, Napi::Function::New<function>(object.Env(), name, &environment));
}

}  // namespace

Napi::Object makeLoopObject(Napi::Env env, Environment& environment) {
  Napi::Object object = Napi::Object::New(env);
  add<listen>(object, "listen", environment);
  add<connect>(object, "connect", environment);
  add<waitForInstance>(object, "waitForInstance", environment);
  add<cancelWait>(object, "cancelWait", environment);
  add<setAccess>(object, "setAccess", environment);
  add<access>(object, "access", environment);
  add<lastFailure>(object, "lastFailure", environment);
  add<closeListener>(object, "closeListener", environment);
  add<keepListenerAlive>(object, "keepListenerAlive", environment);
  add<refused>(object, "refused", environment);
  add<taken>(object, "taken", environment);
  add<send>(object, "send", environment);
  add<sendMany>(object, "sendMany", environment);
  add<sendBatch>(object, "sendBatch", environment);
  add<broadcast>(object, "broadcast", environment);
  add<takeOutbox>(object, "takeOutbox", environment);
  add<flush>(object, "flush", environment);
  add<consumed>(object, "consumed", environment);
  add<giveBack>(object, "giveBack", environment);
  add<framed>(object, "framed", environment);
  add<stopReading>(object, "stopReading", environment);
  add<endSending>(object, "endSending", environment);
  add<close>(object, "close", environment);
  add<destroy>(object, "destroy", environment);
  add<waitForDrain>(object, "waitForDrain", environment);
  add<cancelDrain>(object, "cancelDrain", environment);
  add<keepAlive>(object, "keepAlive", environment);
  add<describe>(object, "describe", environment);
  add<countFrom>(object, "countFrom", environment);
  environment.impersonation().exportTo(object);
  return object;
}

void exportAttach(Napi::Env env, Napi::Object exports) {
  exports.Set("attach", Napi::Function::New<attach>(env, "attach"));
}

}  // namespace framepipe
