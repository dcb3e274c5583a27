// Module entry. All state belongs to what attach() creates: one Environment a copy of lib/.
#include <napi.h>

#include "binding/accounts_binding.h"
#include "binding/constants.h"
#include "binding/decoder_binding.h"
#include "binding/environment.h"

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  framepipe::exportAttach(env, exports);
  framepipe::exportCodec(env, exports);
  framepipe::exportAccounts(env, exports);
  framepipe::exportConstants(env, exports);
  return exports;
}

NODE_API_MODULE(framepipe, init)
