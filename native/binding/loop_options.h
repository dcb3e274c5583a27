// What listen and connect of NativeLoop in lib/native.ts are given, read. JS thread only.
#pragma once
#include <napi.h>

#include "core/loop.h"

namespace framepipe {

// Access of lib/native.ts.
Access accessFrom(Napi::Value given);

// False, and a TypeError is pending: the framing is none.
bool readListenOptions(Napi::Object raw, ListenOptions& options);
// One by one: reading them from an object, by name, would cost as much as the rest of the crossing.
bool readConnectOptions(const Napi::CallbackInfo& info, ConnectOptions& options);

}  // namespace framepipe
