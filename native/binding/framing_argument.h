// Framings, which JavaScript describes once (RawFraming of lib/native.ts) and holds as values that only native code can
// look into. JS thread only.
#pragma once
#include <napi.h>

#include "codec/framing.h"

namespace framepipe {

// NativeAddon.framing: the value for a framing, which lives as long as that; or EINVAL with a hint that names what is wrong.
Napi::Value makeFraming(const Napi::CallbackInfo& info);

// The framing behind such a value; null, and a TypeError is pending, when it is none.
const Framing* framingArgument(Napi::Value value);

}  // namespace framepipe
