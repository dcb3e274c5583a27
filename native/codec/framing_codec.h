// What the codec has to know of a framing: a row of the table in framings.cc, which a file of the framing's own fills.
// Any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "codec/decoder.h"
#include "codec/encoder.h"
#include "codec/framing.h"

namespace framepipe {

// A part of the description that this framing needs beside maxFrameLength: JavaScript gives it, and fuzzers vary it.
struct FramingField {
  using Member = std::variant<bool Framing::*, uint8_t Framing::*, int32_t Framing::*, uint32_t Framing::*,
                              Delimiter Framing::*, std::vector<Delimiter> Framing::*>;

  const char* name;  // as in RawFraming of lib/native.ts
  Member member;
  const char* expected;  // what is said of a value that its type does not hold
};

// Any frame fits, whatever its length.
constexpr int64_t kAnyLength = INT64_MAX;
// Each frame has to be looked at: its bytes decide, or the system does.
constexpr int64_t kLookAtEach = -1;

struct FramingCodec {
  std::span<const FramingField> fields;
  // What the length of a frame on the wire adds is behind it, and of any length: an end that is looked for.
  bool delimits;
  // What is wrong with the fields, as static text that names the option and the range; null: nothing.
  const char* (*fault)(const Framing& framing);
  // Bytes that even an empty frame has in a stream; where each read brings one frame at most, more than any read.
  size_t (*least_on_wire)(const Framing& framing);
  // Frames of up to so many bytes are never refused: JavaScript gathers them without asking.
  int64_t (*never_refused)(const Framing& framing);
  // Null: the operating system keeps the boundaries.
  std::unique_ptr<Decoder> (*make_decoder)(const Framing& framing);
  // `envelope` is empty. What is not refused goes out.
  FrameError (*encode)(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope);
};

// The row of a framing: what it forgets to say does not compile.
template <class Kind>
constexpr FramingCodec codecOf() {
  return {.fields = Kind::kFields,
          .delimits = Kind::kDelimits,
          .fault = Kind::fault,
          .least_on_wire = Kind::leastOnWire,
          .never_refused = Kind::neverRefused,
          .make_decoder = Kind::makeDecoder,
          .encode = Kind::encode};
}

using NoFields = std::array<FramingField, 0>;

// Of encode().
constexpr FrameError refusal(const char* code, const char* reason, uint64_t given, uint64_t limit) {
  return {.code = code, .reason = reason, .declared = given, .limit = limit, .position = 0};
}

constexpr FrameError tooLong(uint64_t length, uint64_t limit) {
  return refusal("ERR_FRAME_TOO_LARGE", "longer than the framing's maxFrameLength", length, limit);
}

// encode() of a framing that adds nothing to its frames.
constexpr FrameError encodeBare(const Framing& framing, std::span<const uint8_t> frame, Envelope&) {
  const uint32_t max = framing.max_frame_length;
  return frame.size() > max ? tooLong(frame.size(), max) : FrameError{};
}

}  // namespace framepipe
