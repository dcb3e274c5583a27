// A base-128 varint before each frame, least significant group first: protobuf's "delimited" streams.
#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

constexpr size_t kLongestVarint = 10;  // 64 bits in groups of 7

class VarintDecoder final : public StreamDecoder {
 public:
  explicit VarintDecoder(const Framing& framing) : max_(framing.max_frame_length) {}

 private:
  struct Prefix {
    uint64_t length = 0;
    size_t size = 0;       // 0: incomplete
    bool invalid = false;  // more than 64 bits
  };

  static Prefix read(std::span<const uint8_t> bytes) {
    uint64_t length = 0;
    for (size_t i = 0; i < bytes.size() && i < kLongestVarint; ++i) {
      const uint8_t byte = bytes[i];
      if (i == kLongestVarint - 1 && byte > 1) return {.length = length, .size = 0, .invalid = true};
      length |= uint64_t{byte & 0x7fu} << (7 * i);
      if (byte < 0x80) return {.length = length, .size = i + 1, .invalid = false};
    }
    return {};
  }

  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t at = 0;
    while (at < bytes.size()) {
      const Prefix prefix = read(bytes.subspan(at));
      if (prefix.invalid) return refuse(at, "ERR_FRAME_INVALID", "a length of more than 64 bits", prefix.length, max_);
      if (prefix.size == 0) break;
      if (prefix.length > max_) return refuse(at, "ERR_FRAME_TOO_LARGE", kAboveLimit, prefix.length, max_);
      const size_t whole = prefix.size + static_cast<size_t>(prefix.length);
      if (bytes.size() - at < whole) return {.consumed = at, .wanted = whole, .error = {}};
      frames.push_back({static_cast<uint32_t>(at + prefix.size), static_cast<uint32_t>(at + whole)});
      at += whole;
    }
    return {.consumed = at, .wanted = 0, .error = {}};
  }

  size_t headerOf(std::span<const uint8_t> rest) const override {
    const Prefix prefix = read(rest);
    return prefix.size ? prefix.size : rest.size();
  }

  const uint32_t max_;
};

struct Varint {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return 1; }
  static int64_t neverRefused(const Framing& framing) { return framing.max_frame_length; }

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    return std::make_unique<VarintDecoder>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    uint64_t length = frame.size();
    if (length > framing.max_frame_length) return tooLong(length, framing.max_frame_length);
    for (; length >= 0x80; length >>= 7) envelope.bytes[envelope.header++] = static_cast<uint8_t>(length | 0x80);
    envelope.bytes[envelope.header++] = static_cast<uint8_t>(length);
    return {};
  }
};

}  // namespace

extern const FramingCodec kVarint;
constexpr FramingCodec kVarint = codecOf<Varint>();

}  // namespace framepipe
