// NativeLoop of lib/native.ts: the functions by which JavaScript drives a loop. JS thread only.
#pragma once
#include <napi.h>

namespace framepipe {

class Environment;

Napi::Object makeLoopObject(Napi::Env env, Environment& environment);

}  // namespace framepipe
