// NativeAddon.lookUp of lib/native.ts. JS thread only.
#pragma once
#include <napi.h>

namespace framepipe {

void exportAccounts(Napi::Env env, Napi::Object exports);

}  // namespace framepipe
