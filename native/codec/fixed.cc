// Each frame has the same length: nothing else is on the wire.
#include <algorithm>

#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

class FixedDecoder final : public StreamDecoder {
 public:
  explicit FixedDecoder(const Framing& framing) : length_(framing.frame_bytes) {}

 private:
  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t at = 0;
    for (; bytes.size() - at >= length_; at += length_)
      frames.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + length_)});
    return {.consumed = at, .wanted = at < bytes.size() ? length_ : 0, .error = {}};
  }

  size_t headerOf(std::span<const uint8_t>) const override { return 0; }

  const size_t length_;
};

struct Fixed {
  static constexpr std::array<FramingField, 1> kFields{{
      {"frameBytes", &Framing::frame_bytes, "frameBytes must be from 1 to maxFrameLength"},
  }};
  static constexpr bool kDelimits = false;

  static const char* fault(const Framing& framing) {
    const bool good = framing.frame_bytes >= 1 && framing.frame_bytes <= framing.max_frame_length;
    return good ? nullptr : "frameBytes must be from 1 to maxFrameLength";
  }

  static size_t leastOnWire(const Framing& framing) { return std::min<size_t>(framing.frame_bytes, 64u << 10); }
  static int64_t neverRefused(const Framing&) { return kLookAtEach; }  // shorter ones are

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    return std::make_unique<FixedDecoder>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope&) {
    const uint32_t length = framing.frame_bytes;
    if (frame.size() == length) return {};
    if (frame.size() > length)
      return refusal("ERR_FRAME_TOO_LARGE", "longer than framing.fixed() says that each frame is", frame.size(),
                     length);
    return refusal("ERR_FRAME_INVALID", "shorter than framing.fixed() says that each frame is", frame.size(), length);
  }
};

}  // namespace

extern const FramingCodec kFixed;
constexpr FramingCodec kFixed = codecOf<Fixed>();

}  // namespace framepipe
