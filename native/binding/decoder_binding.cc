#include "binding/decoder_binding.h"

#include <cstring>
#include <memory>
#include <span>

#include "binding/failure_value.h"
#include "binding/framing_argument.h"
#include "codec/encoder.h"
#include "codec/piecewise_decoder.h"

namespace framepipe {

namespace {

// False, and a TypeError is pending, when it is none.
bool readBytes(Napi::Env env, Napi::Value value, std::span<const uint8_t>& bytes) {
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto array = value.As<Napi::Uint8Array>();
    bytes = {array.Data(), array.ElementLength()};
    return true;
  }
  Napi::TypeError::New(env, "expected a Uint8Array").ThrowAsJavaScriptException();
  return false;
}

Failure readFailure(const FrameError& error) {
  return error ? Failure::of(error, "read") : Failure{};
}

// The frames are copied once, into memory that is JavaScript's and never written again.
Napi::Value foundValue(Napi::Env env, const PiecewiseDecoder::Frames& found) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("slab", Napi::Buffer<uint8_t>::Copy(env, found.bytes.data(), found.bytes.size()));
  Napi::Uint32Array table = Napi::Uint32Array::New(env, 2 * found.frames.size());
  static_assert(sizeof(Boundary) == 2 * sizeof(uint32_t));
  if (!found.frames.empty()) std::memcpy(table.Data(), found.frames.data(), found.frames.size_bytes());
  result.Set("table", table);
  if (found.error) result.Set("failure", failureValue(env, readFailure(found.error)));
  return result;
}

Napi::Value push(const Napi::CallbackInfo& info, PiecewiseDecoder& decoder) {
  std::span<const uint8_t> chunk;
  if (!readBytes(info.Env(), info[0], chunk)) return {};
  return foundValue(info.Env(), decoder.push(chunk));
}

Napi::Value createDecoder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Framing* framing = framingArgument(info[0]);
  if (!framing) return {};
  if (framing->kind == FramingKind::Message) {
    Napi::TypeError::New(env, "message framing has no boundaries in its bytes").ThrowAsJavaScriptException();
    return {};
  }
  // Either function may outlive the other and the object.
  const auto decoder = std::make_shared<PiecewiseDecoder>(*framing);
  Napi::Object object = Napi::Object::New(env);
  object.Set("push",
             Napi::Function::New(env, [decoder](const Napi::CallbackInfo& call) { return push(call, *decoder); }));
  object.Set("end", Napi::Function::New(env, [decoder](const Napi::CallbackInfo& call) {
               return foundValue(call.Env(), decoder->end());
             }));
  return object;
}

Napi::Value encodeFrame(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Framing* framing = framingArgument(info[0]);
  std::span<const uint8_t> frame;
  if (!framing || !readBytes(env, info[1], frame)) return {};
  Envelope envelope;
  if (const FrameError error = encode(*framing, frame, envelope)) return failureValue(env, Failure::of(error, "write"));
  const std::span<const uint8_t> payload = frame.subspan(envelope.skip);
  const std::span<const uint8_t> header(envelope.bytes.data(), envelope.header);
  auto buffer = Napi::Buffer<uint8_t>::New(env, header.size() + payload.size() + envelope.trailer.size());
  if (env.IsExceptionPending()) return {};
  uint8_t* at = buffer.Data();
  for (const std::span<const uint8_t> part : {header, payload, envelope.trailer}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return buffer;
}

}  // namespace

void exportCodec(Napi::Env env, Napi::Object exports) {
  exports.Set("framing", Napi::Function::New<makeFraming>(env, "framing"));
  exports.Set("createDecoder", Napi::Function::New<createDecoder>(env, "createDecoder"));
  exports.Set("encode", Napi::Function::New<encodeFrame>(env, "encode"));
}

}  // namespace framepipe
