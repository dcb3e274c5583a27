// A delimiter after each frame, or one of several. Bytes are looked at once, however they arrive.
#include <algorithm>
#include <optional>
#include <utility>

#include "codec/delimiters.h"
#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

// Most have one: it is found as fast as memchr goes.
class OneDelimiter {
 public:
  explicit OneDelimiter(const Framing& framing) : delimiter_(framing.delimiter) {}

  size_t find(std::span<const uint8_t> bytes, size_t at) { return delimiter_.find(bytes, at, matched_); }
  // Bytes that may yet be the beginning of it.
  size_t held() const { return matched_; }
  // Of the one that was found.
  size_t size() const { return delimiter_.size(); }

 private:
  const Delimiter delimiter_;
  size_t matched_ = 0;
};

class AnyDelimiter {
 public:
  explicit AnyDelimiter(const Framing& framing) : first_(framing.delimiter), more_(framing.more_delimiters) {}
  AnyDelimiter(const AnyDelimiter&) = delete;
  AnyDelimiter& operator=(const AnyDelimiter&) = delete;

  size_t find(std::span<const uint8_t> bytes, size_t at) { return all_.find(bytes, at, progress_); }
  size_t held() const { return progress_.held(); }
  size_t size() const { return progress_.size(); }

 private:
  const Delimiter first_;
  const std::vector<Delimiter> more_;
  const Delimiters all_{first_, more_};
  Delimiters::Progress progress_;
};

template <class Search>
class DelimitedDecoder final : public StreamDecoder {
 public:
  explicit DelimitedDecoder(const Framing& framing)
      : delimiter_(framing),
        trim_cr_(framing.trim_cr),
        last_frame_(framing.last_frame),
        max_(framing.max_frame_length) {}

 private:
  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t begin = 0;
    for (;;) {
      const size_t found = delimiter_.find(bytes, searched_);
      // What a delimiter may yet begin in is not counted: no frame is refused that would have fitted.
      const size_t end = found == Delimiter::kNowhere ? bytes.size() - delimiter_.held() : found - delimiter_.size();
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

  std::optional<Boundary> last(std::span<const uint8_t> rest) const override {
    const size_t length = payload(rest, 0, rest.size());
    if (!last_frame_ || length > max_) return std::nullopt;
    return Boundary{0, static_cast<uint32_t>(length)};
  }

  Search delimiter_;
  const bool trim_cr_, last_frame_;
  const uint32_t max_;
  size_t searched_ = 0;  // of the bytes that the next scan begins with
};

// Whether `one` ends within `other`, which then is never found.
bool hides(const Delimiter& one, const Delimiter& other) {
  const auto mine = one.bytes(), its = other.bytes();
  const auto before_its_end = its.end() - 1;
  return std::equal(mine.begin(), mine.end(), its.begin(), its.end()) ||
         std::search(its.begin(), before_its_end, mine.begin(), mine.end()) != before_its_end;
}

const char* faultOfDelimiter(const Delimiter& delimiter) {
  if (delimiter.size() == 0) return "the delimiter must not be empty";
  return delimiter.size() > Delimiter::kMaxSize ? "the delimiter must not exceed 256 bytes" : nullptr;
}

struct Delimited {
  static constexpr std::array<FramingField, 4> kFields{{
      {"delimiter", &Framing::delimiter, "the delimiter must be a Uint8Array of 1 to 256 bytes"},
      {"moreDelimiters", &Framing::more_delimiters, "moreDelimiters must be Uint8Arrays of 1 to 256 bytes"},
      {"trimCr", &Framing::trim_cr, "trimCr must be true or false"},
      {"lastFrame", &Framing::last_frame, "lastFrame must be true or false"},
  }};
  static constexpr bool kDelimits = true;

  static const char* fault(const Framing& framing) {
    if (const char* fault = faultOfDelimiter(framing.delimiter)) return fault;
    if (framing.more_delimiters.size() >= Delimiters::kMost) return "there may be 16 delimiters at most";
    for (size_t i = 0; i < framing.more_delimiters.size(); ++i) {
      const Delimiter& one = framing.more_delimiters[i];
      if (const char* fault = faultOfDelimiter(one)) return fault;
      for (size_t j = 0; j <= i; ++j) {
        const Delimiter& other = j == i ? framing.delimiter : framing.more_delimiters[j];
        if (hides(one, other) || hides(other, one))
          return "no delimiter may end within another, which would never be found";
      }
    }
    return nullptr;
  }

  static size_t leastOnWire(const Framing& framing) {
    size_t least = framing.delimiter.size();
    for (const Delimiter& one : framing.more_delimiters) least = std::min(least, one.size());
    return least;
  }

  static int64_t neverRefused(const Framing&) { return kLookAtEach; }  // it must not contain the delimiter

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    if (framing.more_delimiters.empty()) return std::make_unique<DelimitedDecoder<OneDelimiter>>(framing);
    return std::make_unique<DelimitedDecoder<AnyDelimiter>>(framing);
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    const uint32_t max = framing.max_frame_length;
    if (frame.size() > max) return tooLong(frame.size(), max);
    const bool clear =
        framing.more_delimiters.empty() ? isClear(framing.delimiter, frame) : isClearOfAll(framing, frame);
    if (!clear) return refusal("ERR_FRAME_INVALID", "the frame contains the delimiter", frame.size(), max);
    if (framing.trim_cr && !frame.empty() && frame.back() == '\r')
      return refusal("ERR_FRAME_INVALID", "the frame ends in a CR, which belongs to the line's end", frame.size(), max);
    envelope.trailer = framing.delimiter.bytes();
    return {};
  }

 private:
  // Whether the frame that will be found is the one that is sent: a delimiter may begin within it and end within the one
  // behind it ("a" before "aa").
  static bool isClear(const Delimiter& delimiter, std::span<const uint8_t> frame) {
    size_t matched = 0;
    return delimiter.find(frame, 0, matched) == Delimiter::kNowhere &&
           delimiter.find(delimiter.bytes(), 0, matched) == delimiter.size();
  }

  // Or end with that one, and be longer: CR LF, where LF is sent behind a CR.
  static bool isClearOfAll(const Framing& framing, std::span<const uint8_t> frame) {
    const Delimiters all(framing.delimiter, framing.more_delimiters);
    const std::span<const uint8_t> end = framing.delimiter.bytes();
    Delimiters::Progress progress;
    return all.find(frame, 0, progress) == Delimiter::kNowhere && all.find(end, 0, progress) == end.size() &&
           progress.size() == end.size();
  }
};

}  // namespace

extern const FramingCodec kDelimited;
constexpr FramingCodec kDelimited = codecOf<Delimited>();

}  // namespace framepipe
