// RawFraming of lib/native.ts, read and checked. JS thread only.
#pragma once
#include <napi.h>

#include "codec/framing.h"
#include "core/outcome.h"

namespace framepipe {

// Fails with EINVAL and a hint that names what is wrong.
Outcome<Framing> framingArgument(Napi::Object raw);

}  // namespace framepipe
