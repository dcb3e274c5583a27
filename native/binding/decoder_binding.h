// The codec by itself, for JavaScript: framing(), createDecoder() and encode() of NativeAddon in lib/native.ts. JS thread only.
#pragma once
#include <napi.h>

namespace framepipe {

void exportCodec(Napi::Env env, Napi::Object exports);

}  // namespace framepipe
