// What the functions of NativeLoop (lib/native.ts) have in common. JS thread only.
#pragma once
#include <memory>

#include "binding/argument.h"
#include "binding/environment.h"
#include "binding/failure_value.h"

namespace framepipe {

inline Environment& environment(const Napi::CallbackInfo& info) {
  return *static_cast<Environment*>(info.Data());
}

inline std::shared_ptr<Connection> connectionOf(const Napi::CallbackInfo& info) {
  return environment(info).loop().connection(idAt(info, 0));
}

template <class T>
Napi::Value numberOrFailure(Napi::Env env, const Outcome<T>& outcome) {
  if (!outcome) return failureValue(env, outcome.failure);
  return Napi::Number::New(env, static_cast<double>(outcome.value));
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void add(Napi::Object object, const char* name, Environment& environment) {
  object.Set(name, Napi::Function::New<function>(object.Env(), name, &environment));
}

}  // namespace framepipe
