// What a fuzzer's bytes stand for: a framing, how a stream is cut, and the stream.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "streams.h"

namespace framepipe {

inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

class Input {
 public:
  Input(const uint8_t* bytes, size_t size) : bytes_(bytes, size) {}

  bool empty() const { return bytes_.empty(); }
  uint8_t byte() {
    if (bytes_.empty()) return 0;
    const uint8_t first = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return first;
  }
  uint32_t number() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  std::string take(size_t size) {
    const std::span<const uint8_t> part = bytes_.first(size < bytes_.size() ? size : bytes_.size());
    bytes_ = bytes_.subspan(part.size());
    return {part.begin(), part.end()};
  }
  std::string rest() { return take(bytes_.size()); }

  // Always a good one, never message framing.
  Framing framing() {
    Framing framing;
    framing.kind = static_cast<FramingKind>(byte() % static_cast<uint8_t>(FramingKind::Message));  // which is the last
    const uint8_t flags = byte();
    framing.max_frame_length = flags & 1 ? 1 + byte() : 1 + number() % (1u << 20);
    if (framing.kind == FramingKind::LengthPrefix) {
      constexpr uint8_t kWidths[] = {1, 2, 3, 4, 8};
      framing.length_bytes = kWidths[byte() % 5];
      framing.big_endian = flags & 2;
      framing.keep_header = flags & 4;
      framing.unit = flags & 8 ? 2 : 1;
      if (flags & 16) framing.offset = byte();
      if (flags & 32) framing.adjustment = static_cast<int8_t>(byte());
      if (flags & 64) framing.adjustment = static_cast<int32_t>(number());
      if (faultOf(framing)) framing.adjustment = 0;
    }
    if (framing.kind == FramingKind::Delimited) {
      framing.trim_cr = flags & 2;
      framing.delimiter = take(1 + byte() % 8) + "x";
    }
    must(faultOf(framing) == nullptr, "a good framing");
    return framing;
  }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace framepipe
