#include "binding/loop_binding.h"

#include <algorithm>
#include <array>

#include "binding/failure_value.h"
#include "binding/loop_function.h"
#include "binding/loop_options.h"
#include "binding/sending_binding.h"

namespace framepipe {

namespace {

constexpr Failure kClosed = connectionEnded("write");

std::shared_ptr<Listener> listenerOf(const Napi::CallbackInfo& info) {
  return environment(info).loop().listener(idAt(info, 0));
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
  exportSending(object, environment);
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
