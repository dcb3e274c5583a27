// Header lines before each frame, one of them Content-Length: the base protocol of LSP and DAP.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

constexpr size_t kLongestHeader = 8u << 10;
constexpr std::string_view kName = "content-length";

bool isContentLength(std::string_view name) {
  const auto same = [](char letter, char wanted) {
    return (letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter) == wanted;
  };
  return std::equal(name.begin(), name.end(), kName.begin(), kName.end(), same);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Digits only. What does not fit in 64 bits is as good as the greatest number: too large for anybody.
bool parse(std::string_view digits, uint64_t& number) {
  number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return false;
    const unsigned value = static_cast<unsigned>(digit - '0');
    number = number > (UINT64_MAX - value) / 10 ? UINT64_MAX : number * 10 + value;
  }
  return !digits.empty();
}

class ContentLengthDecoder final : public StreamDecoder {
 public:
  explicit ContentLengthDecoder(const Framing& framing) : max_(framing.max_frame_length) {}

 private:
  // Of the frame in progress; offsets are from its first byte.
  struct Progress {
    size_t searched = 0;
    size_t line = 0;    // where the line begins that has no end yet
    size_t header = 0;  // 0: not complete
    uint64_t length = 0;
    bool known = false;
  };

  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t at = 0;
    for (;;) {
      if (const char* fault = readHeader(bytes.subspan(at)))
        return refuse(at, "ERR_FRAME_INVALID", fault, progress_.length, max_);
      if (progress_.header == 0) return {.consumed = at, .wanted = 0, .error = {}};
      if (progress_.length > max_) return refuse(at, "ERR_FRAME_TOO_LARGE", kAboveLimit, progress_.length, max_);
      const size_t whole = progress_.header + static_cast<size_t>(progress_.length);
      if (bytes.size() - at < whole) return {.consumed = at, .wanted = whole, .error = {}};
      frames.push_back({static_cast<uint32_t>(at + progress_.header), static_cast<uint32_t>(at + whole)});
      at += whole;
      progress_ = {};
    }
  }

  // Takes one line after the other until the empty one; returns what is wrong.
  const char* readHeader(std::span<const uint8_t> frame) {
    const std::span<const uint8_t> bytes = frame.first(std::min(frame.size(), kLongestHeader));
    while (progress_.header == 0) {
      const size_t left = bytes.size() - progress_.searched;
      const void* feed = left == 0 ? nullptr : std::memchr(bytes.data() + progress_.searched, '\n', left);
      if (!feed) {
        progress_.searched = bytes.size();
        return bytes.size() < kLongestHeader ? nullptr : "a header of more than 8 KiB";
      }
      const size_t end = static_cast<size_t>(static_cast<const uint8_t*>(feed) - bytes.data());
      if (const char* fault = readLine(bytes.subspan(progress_.line, end - progress_.line))) return fault;
      progress_.searched = progress_.line = end + 1;
    }
    return nullptr;
  }

  const char* readLine(std::span<const uint8_t> bytes) {
    std::string_view line(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      progress_.header = progress_.line + bytes.size() + 1;
      return progress_.known ? nullptr : "a header without Content-Length";
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return "a header line without a colon";
    if (!isContentLength(line.substr(0, colon))) return nullptr;
    if (progress_.known) return "a header with two Content-Length lines";
    progress_.known = true;
    return parse(trim(line.substr(colon + 1)), progress_.length) ? nullptr : "a Content-Length that is no number";
  }

  size_t headerOf(std::span<const uint8_t> rest) const override {
    return progress_.header ? progress_.header : rest.size();
  }

  const uint32_t max_;
  Progress progress_;
};

struct ContentLength {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return 16; }  // the header's name, and more
  static int64_t neverRefused(const Framing& framing) { return framing.max_frame_length; }

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    return std::make_unique<ContentLengthDecoder>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    if (frame.size() > framing.max_frame_length) return tooLong(frame.size(), framing.max_frame_length);
    constexpr std::string_view kStart = "Content-Length: ", kEnd = "\r\n\r\n";
    char* const begin = reinterpret_cast<char*>(envelope.bytes.data());
    char* at = std::copy(kStart.begin(), kStart.end(), begin);
    at = std::to_chars(at, begin + envelope.bytes.size(), frame.size()).ptr;
    at = std::copy(kEnd.begin(), kEnd.end(), at);
    envelope.header = static_cast<size_t>(at - begin);
    return {};
  }
};

}  // namespace

extern const FramingCodec kContentLength;
constexpr FramingCodec kContentLength = codecOf<ContentLength>();

}  // namespace framepipe
