// D. J. Bernstein's netstrings: the length in decimal, a colon, the frame, a comma.
#include <charconv>

#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

constexpr size_t kMostDigits = 20;  // of 64 bits
constexpr uint8_t kComma[] = {','};

class NetstringDecoder final : public StreamDecoder {
 public:
  explicit NetstringDecoder(const Framing& framing) : max_(framing.max_frame_length) {}

 private:
  struct Header {
    uint64_t length = 0;
    size_t size = 0;  // with the colon; 0: incomplete
    const char* fault = nullptr;
  };

  static Header read(std::span<const uint8_t> bytes) {
    uint64_t length = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const uint8_t byte = bytes[i];
      if (byte == ':' && i > 0) return {.length = length, .size = i + 1};
      if (byte < '0' || byte > '9') return {.length = length, .fault = "a length that is no number, or has no colon"};
      if (i == 1 && bytes[0] == '0') return {.length = length, .fault = "a length that begins with a zero"};
      if (i == kMostDigits) return {.length = length, .fault = "a length of more than 20 digits"};
      const unsigned digit = byte - unsigned{'0'};
      length = length > (UINT64_MAX - digit) / 10 ? UINT64_MAX : length * 10 + digit;
    }
    return {};
  }

  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t at = 0;
    while (at < bytes.size()) {
      const Header header = read(bytes.subspan(at));
      if (header.fault) return refuse(at, "ERR_FRAME_INVALID", header.fault, header.length, max_);
      if (header.size == 0) break;
      if (header.length > max_) return refuse(at, "ERR_FRAME_TOO_LARGE", kAboveLimit, header.length, max_);
      const size_t end = header.size + static_cast<size_t>(header.length);
      if (bytes.size() - at <= end) return {.consumed = at, .wanted = end + 1, .error = {}};
      if (bytes[at + end] != kComma[0])
        return refuse(at, "ERR_FRAME_INVALID", "no comma where the frame ends", header.length, max_);
      frames.push_back({static_cast<uint32_t>(at + header.size), static_cast<uint32_t>(at + end)});
      at += end + 1;
    }
    return {.consumed = at, .wanted = 0, .error = {}};
  }

  size_t headerOf(std::span<const uint8_t> rest) const override {
    const Header header = read(rest);
    return header.size ? header.size : rest.size();
  }
  size_t trailer() const override { return sizeof kComma; }

  const uint32_t max_;
};

struct Netstring {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return sizeof "0:," - 1; }
  static int64_t neverRefused(const Framing& framing) { return framing.max_frame_length; }

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    return std::make_unique<NetstringDecoder>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    if (frame.size() > framing.max_frame_length) return tooLong(frame.size(), framing.max_frame_length);
    char* const begin = reinterpret_cast<char*>(envelope.bytes.data());
    char* const end = std::to_chars(begin, begin + envelope.bytes.size() - 1, frame.size()).ptr;
    *end = ':';
    envelope.header = static_cast<size_t>(end - begin) + 1;
    envelope.trailer = kComma;
    return {};
  }
};

}  // namespace

extern const FramingCodec kNetstring;
constexpr FramingCodec kNetstring = codecOf<Netstring>();

}  // namespace framepipe
