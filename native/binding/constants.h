// addon.constants: what native code and JavaScript both know by heart. JS thread only.
#pragma once
#include <napi.h>

namespace framepipe {

// Frozen, for lib/constants.ts to compare with its own.
void exportConstants(Napi::Env env, Napi::Object exports);

}  // namespace framepipe
