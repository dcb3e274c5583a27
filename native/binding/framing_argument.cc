#include "binding/framing_argument.h"

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "binding/failure_value.h"
#include "codec/delimiters.h"
#include "codec/framings.h"
#include "core/outcome.h"

namespace framepipe {

namespace {

Failure einval(const char* hint) {
  return {.code = "EINVAL", .syscall = "", .os = 0, .hint = hint, .frame = {}};
}

// Each leaves what is not given as it is, and returns false when it is nothing of the kind.
bool read(Napi::Value value, bool& flag) {
  if (!value.IsUndefined()) flag = value.ToBoolean();
  return true;
}

// Whole, and within the range of its type.
template <class Number>
  requires std::is_integral_v<Number>
bool read(Napi::Value value, Number& number) {
  if (value.IsUndefined()) return true;
  if (!value.IsNumber()) return false;
  const double given = value.As<Napi::Number>().DoubleValue();
  if (!(given >= static_cast<double>(std::numeric_limits<Number>::min()) &&
        given <= static_cast<double>(std::numeric_limits<Number>::max()) && given == std::trunc(given)))
    return false;
  number = static_cast<Number>(given);
  return true;
}

bool read(Napi::Value value, Delimiter& delimiter) {
  if (value.IsUndefined()) return true;
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) return false;
  const auto bytes = value.As<Napi::Uint8Array>();
  if (bytes.ElementLength() > Delimiter::kMaxSize) return false;
  delimiter = Delimiter(std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength()));
  return true;
}

bool read(Napi::Value value, std::vector<Delimiter>& delimiters) {
  if (value.IsUndefined()) return true;
  if (!value.IsArray()) return false;
  const auto array = value.As<Napi::Array>();
  if (array.Length() >= Delimiters::kMost) return false;
  for (uint32_t i = 0; i < array.Length(); ++i)
    if (!read(array.Get(i), delimiters.emplace_back())) return false;
  return true;
}

std::optional<FramingKind> readKind(Napi::Value value) {
  if (!value.IsString()) return std::nullopt;
  return framingCalled(value.As<Napi::String>().Utf8Value());
}

Outcome<Framing> readFraming(Napi::Object raw) {
  Framing framing;
  const std::optional<FramingKind> kind = readKind(raw.Get("kind"));
  if (!kind) return einval("the framing's kind is none that is known");
  framing.kind = *kind;
  if (!read(raw.Get("maxFrameLength"), framing.max_frame_length))
    return einval("maxFrameLength must be from 1 to 1073741824 bytes (1 GiB)");
  for (const FramingField& field : codecOf(*kind).fields) {
    const Napi::Value value = raw.Get(field.name);
    if (!std::visit([&](auto member) { return read(value, framing.*member); }, field.member))
      return einval(field.expected);
  }
  if (const char* fault = faultOf(framing)) return einval(fault);
  return framing;
}

}  // namespace

Napi::Value makeFraming(const Napi::CallbackInfo& info) {
  Outcome<Framing> framing = readFraming(info[0].As<Napi::Object>());
  if (!framing) return failureValue(info.Env(), framing.failure);
  auto own = std::make_unique<Framing>(std::move(framing.value));
  // Not an External: Node keeps a block for each of those until it is collected, and forgets it when the environment ends.
  Napi::Object value = Napi::Object::New(info.Env());
  const FramingCodec& codec = codecOf(own->kind);
  value.Set("neverRefused", static_cast<double>(codec.never_refused(*own)));
  value.Set("delimits", codec.delimits);
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
