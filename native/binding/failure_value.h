// A Failure as JavaScript gets it: RawFailure in lib/native.ts. The Error is made there. JS thread only.
#pragma once
#include <napi.h>

#include "core/failure.h"

namespace framepipe {

inline Napi::Value failureValue(Napi::Env env, const Failure& failure) {
  Napi::Array raw = Napi::Array::New(env, failure.option ? 6 : failure.frame ? 5 : 4);
  raw.Set(0u, Napi::String::New(env, failure.code));
  raw.Set(1u, Napi::String::New(env, failure.syscall ? failure.syscall : ""));
  raw.Set(2u, Napi::Number::New(env, failure.os));
  raw.Set(3u, failure.hint ? Napi::Value(Napi::String::New(env, failure.hint)) : env.Undefined());
  if (failure.frame) {
    Napi::Array frame = Napi::Array::New(env, 3);
    frame.Set(0u, Napi::Number::New(env, static_cast<double>(failure.frame.declared)));
    frame.Set(1u, Napi::Number::New(env, static_cast<double>(failure.frame.limit)));
    frame.Set(2u, Napi::Number::New(env, static_cast<double>(failure.frame.position)));
    raw.Set(4u, frame);
  }
  if (failure.option) raw.Set(5u, Napi::String::New(env, failure.option));
  return raw;
}

}  // namespace framepipe
