#include "binding/loop_options.h"

#include "binding/framing_argument.h"

namespace framepipe {

namespace {

uint32_t number(Napi::Value value) {
  return value.ToNumber().Uint32Value();
}

bool readChannel(Napi::Value path, Napi::Value framing, Napi::Value direction, Napi::Value high_water_mark,
                 ChannelOptions& options) {
  const Framing* given = framingArgument(framing);
  if (!given) return false;
  options.framing = *given;
  options.path = path.ToString();
  options.direction = static_cast<Direction>(number(direction));
  options.high_water_mark = static_cast<size_t>(high_water_mark.ToNumber().Int64Value());
  return true;
}

}  // namespace

bool readListenOptions(Napi::Object raw, ListenOptions& options) {
  if (!readChannel(raw.Get("path"), raw.Get("framing"), raw.Get("direction"), raw.Get("highWaterMark"), options))
    return false;
  options.access = static_cast<Access>(number(raw.Get("access")));
  options.sddl = raw.Get("sddl").ToString();
  options.allow_remote = raw.Get("allowRemote").ToBoolean();
  options.exclusive = raw.Get("exclusive").ToBoolean();
  options.max_instances = number(raw.Get("maxInstances"));
  options.pending_instances = number(raw.Get("pendingInstances"));
  options.in_buffer = number(raw.Get("inBuffer"));
  options.out_buffer = number(raw.Get("outBuffer"));
  return true;
}

bool readConnectOptions(const Napi::CallbackInfo& info, ConnectOptions& options) {
  if (!readChannel(info[0], info[1], info[2], info[3], options)) return false;
  options.impersonation = static_cast<ImpersonationLevel>(number(info[4]));
  options.own_server_only = info[5].ToBoolean();
  return true;
}

}  // namespace framepipe
