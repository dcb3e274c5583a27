#include "binding/framing_argument.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "binding/failure_value.h"
#include "binding/names.h"
#include "core/outcome.h"

namespace framepipe {

namespace {

Failure einval(const char* hint) {
  return {.code = "EINVAL", .syscall = "", .os = 0, .hint = hint, .frame = {}};
}

bool readKind(Napi::Object raw, FramingKind& kind) {
  const Napi::Value value = raw.Get("kind");
  if (!value.IsString()) return false;
  const auto known = valueOf<FramingKind>(value.As<Napi::String>().Utf8Value());
  if (known) kind = *known;
  return known.has_value();
}

// Leaves what is not given as it is. False: it is no whole number, or out of range.
template <class Number>
bool readNumber(Napi::Object raw, const char* key, Number& number) {
  const Napi::Value value = raw.Get(key);
  if (value.IsUndefined()) return true;
  if (!value.IsNumber()) return false;
  const double given = value.As<Napi::Number>().DoubleValue();
  if (!(given >= static_cast<double>(std::numeric_limits<Number>::min()) &&
        given <= static_cast<double>(std::numeric_limits<Number>::max()) && given == std::trunc(given)))
    return false;
  number = static_cast<Number>(given);
  return true;
}

bool readFlag(Napi::Object raw, const char* key) {
  return raw.Get(key).ToBoolean();
}

bool readDelimiter(Napi::Object raw, Delimiter& delimiter) {
  const Napi::Value value = raw.Get("delimiter");
  if (value.IsUndefined()) return true;
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) return false;
  const auto bytes = value.As<Napi::Uint8Array>();
  if (bytes.ElementLength() > Delimiter::kMaxSize) return false;
  delimiter = Delimiter(std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength()));
  return true;
}

Outcome<Framing> readFraming(Napi::Object raw) {
  Framing framing;
  if (!readKind(raw, framing.kind))
    return einval("framing must be raw, lengthPrefix, varint, delimited, contentLength or message");
  if (!readNumber(raw, "maxFrameLength", framing.max_frame_length))
    return einval("maxFrameLength must be from 1 to 1073741824 bytes (1 GiB)");
  if (!readNumber(raw, "lengthBytes", framing.length_bytes)) return einval("lengthBytes must be 1, 2, 3, 4 or 8");
  if (!readNumber(raw, "offset", framing.offset)) return einval("offset must be from 0 to 255 bytes");
  if (!readNumber(raw, "unit", framing.unit)) return einval("unit must be 1 or 2 bytes");
  if (!readNumber(raw, "adjustment", framing.adjustment))
    return einval("adjustment must be from -2147483648 to 2147483647 bytes");
  if (!readDelimiter(raw, framing.delimiter)) return einval("the delimiter must be a Uint8Array of 1 to 256 bytes");
  framing.big_endian = readFlag(raw, "bigEndian");
  framing.keep_header = readFlag(raw, "keepHeader");
  framing.trim_cr = readFlag(raw, "trimCr");
  if (const char* fault = faultOf(framing)) return einval(fault);
  return framing;
}

}  // namespace

Napi::Value makeFraming(const Napi::CallbackInfo& info) {
  Outcome<Framing> framing = readFraming(info[0].As<Napi::Object>());
  if (!framing) return failureValue(info.Env(), framing.failure);
  auto own = std::make_unique<Framing>(std::move(framing.value));
  // Not an External: Node keeps a block for each of those until it is collected, and forgets it when the environment ends.
  const Napi::Object value = Napi::Object::New(info.Env());
  const auto gone = [](napi_env, void* framing, void*) { delete static_cast<Framing*>(framing); };
  if (napi_wrap(info.Env(), value, own.get(), gone, nullptr, nullptr) == napi_ok) own.release();
  return value;
}

const Framing* framingArgument(Napi::Value value) {
  void* framing = nullptr;
  if (napi_unwrap(value.Env(), value, &framing) == napi_ok) return static_cast<Framing*>(framing);
  Napi::TypeError::New(value.Env(), "expected a framing").ThrowAsJavaScriptException();
  return nullptr;
}

}  // namespace framepipe
