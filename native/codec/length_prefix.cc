// A length field of fixed width, somewhere in a header of fixed size, before each frame.
#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/framing_codec.h"
#include "codec/stream_decoder.h"

namespace framepipe {

namespace {

// Written out without a loop, so that compilers make one load of it.
template <bool kBigEndian, size_t... kIndex>
uint64_t lengthField(const uint8_t* bytes, std::index_sequence<kIndex...>) {
  constexpr size_t kLast = sizeof...(kIndex) - 1;
  return ((uint64_t{bytes[kIndex]} << (8 * (kBigEndian ? kLast - kIndex : kIndex))) | ...);
}

// A class for each width, so that the loop over small frames is a load, a comparison and a store.
template <size_t kWidth, bool kBigEndian>
class LengthPrefixDecoder final : public StreamDecoder {
 public:
  explicit LengthPrefixDecoder(const Framing& framing)
      : offset_(framing.offset),
        header_(framing.headerLength()),
        stripped_(framing.keep_header ? 0 : header_),
        misfit_(framing.unit - 1u),
        adjustment_(framing.adjustment),
        max_(framing.max_frame_length),
        least_(static_cast<uint64_t>(std::max<int64_t>(0, -adjustment_))),
        range_(static_cast<uint64_t>(int64_t{max_} - adjustment_) - least_) {}

 private:
  Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) override {
    size_t at = 0;
    while (bytes.size() - at >= header_) {
      const uint64_t field = lengthField<kBigEndian>(bytes.data() + at + offset_, std::make_index_sequence<kWidth>());
      if (field - least_ > range_) return refuseLength(at, field);  // unsigned: below least_ as well
      const size_t length = static_cast<size_t>(static_cast<int64_t>(field) + adjustment_);
      if (length & misfit_)
        return refuse(at, "ERR_FRAME_INVALID", "UTF-16 takes an even number of bytes", length, max_);
      const size_t whole = header_ + length;
      if (bytes.size() - at < whole) return {.consumed = at, .wanted = whole, .error = {}};
      frames.push_back({static_cast<uint32_t>(at + stripped_), static_cast<uint32_t>(at + whole)});
      at += whole;
    }
    return {.consumed = at, .wanted = 0, .error = {}};
  }

  size_t headerOf(std::span<const uint8_t>) const override { return header_; }

  Scan refuseLength(size_t at, uint64_t field) const {
    if (field < least_)
      return refuse(at, "ERR_FRAME_INVALID", "the length field is less than its adjustment takes away", field, least_);
    const uint64_t shift = static_cast<uint64_t>(adjustment_);  // wraps around when negative
    const bool overflows = adjustment_ > 0 && field > UINT64_MAX - shift;
    return refuse(at, "ERR_FRAME_TOO_LARGE", kAboveLimit, overflows ? UINT64_MAX : field + shift, max_);
  }

  const size_t offset_, header_, stripped_;
  const size_t misfit_;  // bits that a frame's length must not have
  const int64_t adjustment_;
  const uint32_t max_;
  const uint64_t least_, range_;  // fields from least_ to least_ + range_ are good
};

template <size_t kWidth>
std::unique_ptr<Decoder> make(const Framing& framing) {
  if (framing.big_endian) return std::make_unique<LengthPrefixDecoder<kWidth, true>>(framing);
  return std::make_unique<LengthPrefixDecoder<kWidth, false>>(framing);
}

void putLength(const Framing& framing, uint64_t value, uint8_t* field) {
  const size_t width = framing.length_bytes;
  for (size_t i = 0; i < width; ++i)
    field[framing.big_endian ? width - 1 - i : i] = static_cast<uint8_t>(value >> (8 * i));
}

struct LengthPrefix {
  static constexpr std::array<FramingField, 6> kFields{{
      {"lengthBytes", &Framing::length_bytes, "lengthBytes must be 1, 2, 3, 4 or 8"},
      {"bigEndian", &Framing::big_endian, "bigEndian must be true or false"},
      {"keepHeader", &Framing::keep_header, "keepHeader must be true or false"},
      {"offset", &Framing::offset, "offset must be from 0 to 255 bytes"},
      {"unit", &Framing::unit, "unit must be 1 or 2 bytes"},
      {"adjustment", &Framing::adjustment, "adjustment must be from -2147483648 to 2147483647 bytes"},
  }};
  static constexpr bool kDelimits = false;

  static const char* fault(const Framing& framing) {
    const uint8_t width = framing.length_bytes;
    if (framing.unit != 1 && framing.unit != 2) return "unit must be 1 or 2 bytes";
    if (!(width >= 1 && width <= 4) && width != 8) return "lengthBytes must be 1, 2, 3, 4 or 8";
    // A greater one leaves no frame that is allowed.
    const bool excessive = framing.adjustment > static_cast<int64_t>(framing.max_frame_length);
    return excessive ? "adjustment must not exceed maxFrameLength" : nullptr;
  }

  static size_t leastOnWire(const Framing& framing) { return framing.headerLength(); }

  static int64_t neverRefused(const Framing& framing) {
    if (framing.keep_header || framing.adjustment != 0 || framing.unit != 1) return kLookAtEach;
    return static_cast<int64_t>(std::min<uint64_t>(framing.max_frame_length, greatestField(framing)));
  }

  static std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
    switch (framing.length_bytes) {
      case 1:
        return make<1>(framing);
      case 2:
        return make<2>(framing);
      case 3:
        return make<3>(framing);
      case 8:
        return make<8>(framing);
      default:
        return make<4>(framing);
    }
  }

  static FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
    const size_t header = framing.headerLength();
    const size_t kept = framing.keep_header ? header : 0;
    if (frame.size() < kept)
      return refusal("ERR_FRAME_INVALID", "keepHeader: the frame is shorter than its header", frame.size(), header);
    const uint64_t length = frame.size() - kept;
    const int64_t value = static_cast<int64_t>(length) - framing.adjustment;
    if (value < 0)
      return refusal("ERR_FRAME_INVALID", "shorter than the adjustment that is added to its length", length,
                     static_cast<uint64_t>(framing.adjustment));
    if (static_cast<uint64_t>(value) > greatestField(framing))
      return refusal("ERR_FRAME_TOO_LARGE", "longer than its length field can say", length, longest(framing));
    if (length > framing.max_frame_length) return tooLong(length, framing.max_frame_length);
    if (length & (framing.unit - 1u))
      return refusal("ERR_FRAME_INVALID", "UTF-16 takes an even number of bytes", length, framing.max_frame_length);
    if (kept)
      std::memcpy(envelope.bytes.data(), frame.data(), header);
    else
      std::memset(envelope.bytes.data(), 0, framing.offset);
    putLength(framing, static_cast<uint64_t>(value), envelope.bytes.data() + framing.offset);
    envelope.header = header;
    envelope.skip = kept;
    return {};
  }

 private:
  static uint64_t greatestField(const Framing& framing) { return UINT64_MAX >> (64 - 8 * framing.length_bytes); }

  // What its length field can say.
  static uint64_t longest(const Framing& framing) {
    const int64_t most = static_cast<int64_t>(greatestField(framing)) + framing.adjustment;
    return static_cast<uint64_t>(std::max<int64_t>(0, most)) / framing.unit * framing.unit;
  }
};

}  // namespace

extern const FramingCodec kLengthPrefix;
constexpr FramingCodec kLengthPrefix = codecOf<LengthPrefix>();

}  // namespace framepipe
