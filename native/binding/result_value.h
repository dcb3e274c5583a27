// What an operation came to, as JavaScript gets it: see NativeLoop in lib/native.ts. JS thread only.
#pragma once
#include <napi.h>

#include "core/result.h"

namespace framepipe {

// Nothing: undefined. A number, a string. FileContents: a Buffer. FileStatus: its fields, an array of numbers in their order.
// Entries: [name, type, name, type, …]. User: an object. Descriptor: its number.
Napi::Value toJs(Napi::Env env, Result& result);

}  // namespace framepipe
