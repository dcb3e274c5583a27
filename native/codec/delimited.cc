// A delimiter after each frame. Bytes are looked at once, however they arrive.
#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

class DelimitedDecoder final : public StreamDecoder {
 public:
  explicit DelimitedDecoder(const Framing& framing)
      : delimiter_(framing.delimiter), trim_cr_(framing.trim_cr), max_(framing.max_frame_length) {}

 private:
  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t begin = 0;
    for (;;) {
      const size_t found = delimiter_.find(bytes, searched_, matched_);
      // What the delimiter may yet begin in is not counted: no frame is refused that would have fitted.
      const size_t end = found == Delimiter::kNowhere ? bytes.size() - matched_ : found - delimiter_.size();
      const size_t length = payload(bytes, begin, end);
      if (length > max_)
        return refuse(begin, "ERR_FRAME_TOO_LARGE", "no delimiter within maxFrameLength", length, max_);
      if (found == Delimiter::kNowhere) {
        searched_ = bytes.size() - begin;
        return {.consumed = begin, .wanted = 0, .error = {}};
      }
      frames.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + length)});
      begin = searched_ = found;
    }
  }

  size_t payload(std::span<const uint8_t> bytes, size_t begin, size_t end) const {
    return end - begin - (trim_cr_ && end > begin && bytes[end - 1] == '\r' ? 1 : 0);
  }

  size_t headerOf(std::span<const uint8_t>) const override { return 0; }

  const Delimiter delimiter_;
  const bool trim_cr_;
  const uint32_t max_;
  size_t searched_ = 0;  // of the bytes that the next scan begins with
  size_t matched_ = 0;   // of the delimiter, right before there
};

struct Delimited {
  static constexpr std::array<FramingField, 2> kFields{{
      {"delimiter", &Framing::delimiter, "the delimiter must be a Uint8Array of 1 to 256 bytes"},
      {"trimCr", &Framing::trim_cr, "trimCr must be true or false"},
  }};
  static constexpr bool kDelimits = true;

  static const char* fault(const Framing& framing) {
    if (framing.delimiter.size() == 0) return "the delimiter must not be empty";
    return framing.delimiter.size() > Delimiter::kMaxSize ? "the delimiter must not exceed 256 bytes" : nullptr;
  }

  static size_t leastOnWire(const Framing& framing) { return framing.delimiter.size(); }
  static int64_t neverRefused(const Framing&) { return kLookAtEach; }  // it must not contain the delimiter

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    return std::make_unique<DelimitedDecoder>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    const uint32_t max = framing.max_frame_length;
    if (frame.size() > max) return tooLong(frame.size(), max);
    const Delimiter& delimiter = framing.delimiter;
    // Found early, it may still begin within the frame and end within the delimiter ("a" before "aa").
    size_t matched = 0;
    if (delimiter.find(frame, 0, matched) != Delimiter::kNowhere ||
        delimiter.find(delimiter.bytes(), 0, matched) != delimiter.size())
      return refusal("ERR_FRAME_INVALID", "the frame contains the delimiter", frame.size(), max);
    if (framing.trim_cr && !frame.empty() && frame.back() == '\r')
      return refusal("ERR_FRAME_INVALID", "the frame ends in a CR, which belongs to the line's end", frame.size(), max);
    envelope.trailer = delimiter.bytes();
    return {};
  }
};

}  // namespace

extern const FramingCodec kDelimited;
constexpr FramingCodec kDelimited = codecOf<Delimited>();

}  // namespace framepipe
