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

// An object, if anything is limited.
void readLimits(Napi::Value given, ChannelOptions& options) {
  if (!given.IsObject()) return;
  const auto raw = given.As<Napi::Object>();
  const auto milliseconds = [&](const char* name) {
    return static_cast<uint64_t>(raw.Get(name).ToNumber().Int64Value());
  };
  options.timeouts = {.first_frame = milliseconds("firstFrameTimeout"),
                      .frame = milliseconds("frameTimeout"),
                      .idle = milliseconds("idleTimeout"),
                      .write = milliseconds("writeTimeout")};
  options.busy_poll = raw.Get("busyPoll").ToBoolean();
}

// A kind and its SID or id, again and again.
std::vector<Principal> principalsFrom(Napi::Value given) {
  std::vector<Principal> principals;
  if (!given.IsArray()) return principals;
  const auto list = given.As<Napi::Array>();
  for (uint32_t i = 0; i + 1 < list.Length(); i += 2) {
    const Napi::Value value = list.Get(i + 1);
    Principal principal{.kind = static_cast<Principal::Kind>(number(list.Get(i)))};
    if (value.IsString()) principal.sid = value.ToString();
    if (value.IsNumber()) principal.id = value.ToNumber().Int64Value();
    principals.push_back(std::move(principal));
  }
  return principals;
}

}  // namespace

Access accessFrom(Napi::Value given) {
  if (given.IsString()) return Access::by(given.ToString());
  const auto raw = given.As<Napi::Object>();
  return {.allow = principalsFrom(raw.Get("allow")), .integrity = static_cast<Integrity>(number(raw.Get("integrity")))};
}

bool readListenOptions(Napi::Object raw, ListenOptions& options) {
  if (!readChannel(raw.Get("path"), raw.Get("framing"), raw.Get("direction"), raw.Get("highWaterMark"), options))
    return false;
  options.access = accessFrom(raw.Get("access"));
  options.allow_remote = raw.Get("allowRemote").ToBoolean();
  options.exclusive = raw.Get("exclusive").ToBoolean();
  options.max_instances = number(raw.Get("maxInstances"));
  options.pending_instances = number(raw.Get("pendingInstances"));
  options.backlog = number(raw.Get("backlog"));
  options.max_per_user = number(raw.Get("maxPerUser"));
  readLimits(raw.Get("limits"), options);
  options.in_buffer = number(raw.Get("inBuffer"));
  options.out_buffer = number(raw.Get("outBuffer"));
  return true;
}

bool readConnectOptions(const Napi::CallbackInfo& info, ConnectOptions& options) {
  if (!readChannel(info[0], info[1], info[2], info[3], options)) return false;
  options.impersonation = static_cast<ImpersonationLevel>(number(info[4]));
  options.server_owners = principalsFrom(info[5]);
  readLimits(info[7], options);
  return true;
}

}  // namespace framepipe
