// NativeLoop of lib/native.ts: the functions by which JavaScript drives a loop. JS thread only.
#pragma once
#include <napi.h>

#include <cstddef>

namespace framepipe {

class Environment;

// How many numbers describe() writes.
constexpr size_t kDescriptionLength = 12;

Napi::Object makeLoopObject(Napi::Env env, Environment& environment);

}  // namespace framepipe
