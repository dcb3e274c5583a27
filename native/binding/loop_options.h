// RawListenOptions and RawConnectOptions of lib/native.ts, read. JS thread only.
#pragma once
#include <napi.h>

#include "core/loop.h"
#include "core/outcome.h"

namespace framepipe {

Outcome<ListenOptions> listenOptions(Napi::Object raw);
Outcome<ConnectOptions> connectOptions(Napi::Object raw);

}  // namespace framepipe
