// Bytes as they come, which JavaScript cuts into frames (lib/framing/splitter.ts) and has encoded.
#include "codec/framing_codec.h"

namespace framepipe {

namespace {

struct Custom {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return SIZE_MAX; }
  static int64_t neverRefused(const Framing& framing) { return framing.max_frame_length; }

  static constexpr auto encode = encodeBare;

  static std::unique_ptr<Decoder> makeDecoder(const Framing&) {
    Framing raw;
    raw.kind = FramingKind::Raw;
    raw.max_frame_length = kMaxFrameLength;
    return framepipe::makeDecoder(raw);
  }
};

}  // namespace

extern const FramingCodec kCustom;
constexpr FramingCodec kCustom = codecOf<Custom>();

}  // namespace framepipe
