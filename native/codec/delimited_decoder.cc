// A delimiter after each frame. Bytes are looked at once, however they arrive.
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

}  // namespace

std::unique_ptr<Decoder> makeDelimitedDecoder(const Framing& framing) {
  return std::make_unique<DelimitedDecoder>(framing);
}

}  // namespace framepipe
