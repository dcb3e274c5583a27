#include "binding/loop_options.h"

#include "binding/framing_argument.h"

namespace framepipe {

namespace {

uint32_t number(Napi::Object raw, const char* key) {
  return raw.Get(key).ToNumber().Uint32Value();
}
bool flag(Napi::Object raw, const char* key) {
  return raw.Get(key).ToBoolean();
}
std::string text(Napi::Object raw, const char* key) {
  return raw.Get(key).ToString();
}

Failure readChannel(Napi::Object raw, ChannelOptions& options) {
  Outcome<Framing> framing = framingArgument(raw.Get("framing").As<Napi::Object>());
  if (!framing) return framing.failure;
  options.framing = framing.value;
  options.path = text(raw, "path");
  options.direction = static_cast<Direction>(number(raw, "direction"));
  options.high_water_mark = static_cast<size_t>(raw.Get("highWaterMark").ToNumber().Int64Value());
  return {};
}

}  // namespace

Outcome<ListenOptions> listenOptions(Napi::Object raw) {
  ListenOptions options;
  if (const Failure failure = readChannel(raw, options)) return failure;
  options.access = static_cast<Access>(number(raw, "access"));
  options.sddl = text(raw, "sddl");
  options.allow_remote = flag(raw, "allowRemote");
  options.exclusive = flag(raw, "exclusive");
  options.max_instances = number(raw, "maxInstances");
  options.pending_instances = number(raw, "pendingInstances");
  options.in_buffer = number(raw, "inBuffer");
  options.out_buffer = number(raw, "outBuffer");
  return options;
}

Outcome<ConnectOptions> connectOptions(Napi::Object raw) {
  ConnectOptions options;
  if (const Failure failure = readChannel(raw, options)) return failure;
  options.impersonation = static_cast<ImpersonationLevel>(number(raw, "impersonation"));
  options.own_server_only = flag(raw, "ownServerOnly");
  return options;
}

}  // namespace framepipe
