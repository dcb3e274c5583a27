// A length field of fixed width, somewhere in a header of fixed size, before each frame.
#include <algorithm>
#include <utility>

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

}  // namespace

std::unique_ptr<Decoder> makeLengthPrefixDecoder(const Framing& framing) {
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

}  // namespace framepipe
