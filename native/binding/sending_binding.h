// NativeLoop's functions for frames on their way out: send, sendMany, sendBatch, broadcast, takeOutbox, flush. See
// lib/native.ts. JS thread only.
#pragma once
#include <napi.h>

namespace framepipe {

class Environment;

void exportSending(Napi::Object object, Environment& environment);

}  // namespace framepipe
