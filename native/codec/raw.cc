// Any bytes are a frame: what has arrived, in pieces of the limit at most.
#include <algorithm>

#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

class RawDecoder final : public StreamDecoder {
 public:
  explicit RawDecoder(const Framing& framing) : max_(framing.max_frame_length) {}

 private:
  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    for (size_t at = 0; at < bytes.size();) {
      const size_t end = at + std::min(max_, bytes.size() - at);
      frames.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(end)});
      at = end;
    }
    return {.consumed = bytes.size(), .wanted = 0, .error = {}};
  }

  size_t headerOf(std::span<const uint8_t>) const override { return 0; }

  const size_t max_;
};

struct Raw {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return SIZE_MAX; }
  static int64_t neverRefused(const Framing&) { return kAnyLength; }
  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) { return std::make_unique<RawDecoder>(framing); }
  static FrameError encode(const Framing&, std::span<const uint8_t>, Envelope&) { return {}; }
};

}  // namespace

extern const FramingCodec kRaw;
constexpr FramingCodec kRaw = codecOf<Raw>();

}  // namespace framepipe
