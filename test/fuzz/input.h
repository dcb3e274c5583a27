// What a fuzzer's bytes stand for: a framing, how a stream is cut, and the stream.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <variant>

#include "codec/framings.h"
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

  // Always a good one that has its boundaries in the stream: any of the table of framings, with the fields that it has.
  Framing framing() {
    Framing framing;
    const auto all = framepipe::framings();
    framing.kind = all[byte() % all.size()].kind;
    framing.max_frame_length = byte() & 1 ? 1 + byte() : 1 + number() % (1u << 20);
    for (const FramingField& field : codecOf(framing.kind).fields) {
      const Framing before = framing;
      std::visit([&](auto member) { vary(framing.*member); }, field.member);
      if (faultOf(framing)) framing = before;
    }
    // What a framing cannot do without was not given, or the system would keep the boundaries.
    if (faultOf(framing) || framing.kind == FramingKind::Message) {
      framing = {};
      framing.kind = FramingKind::Raw;
    }
    must(faultOf(framing) == nullptr, "a good framing");
    return framing;
  }

 private:
  void vary(bool& flag) { flag = byte() & 1; }
  void vary(uint8_t& number) { number = byte() & 1 ? byte() % 9 : byte(); }
  void vary(int32_t& value) { value = byte() & 1 ? static_cast<int8_t>(byte()) : static_cast<int32_t>(number()); }
  void vary(uint32_t& value) { value = byte() & 1 ? byte() : number(); }
  void vary(Delimiter& delimiter) { delimiter = take(1 + byte() % 8) + "x"; }
  void vary(std::vector<Delimiter>& delimiters) {
    for (size_t left = byte() % 4; left > 0; --left) vary(delimiters.emplace_back());
  }

  std::span<const uint8_t> bytes_;
};

}  // namespace framepipe
