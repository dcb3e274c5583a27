// A few bytes to look for in a stream: in linear time, whatever the bytes are and however they are
// cut into pieces (Knuth, Morris and Pratt's automaton). Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace framepipe {

class Delimiter {
 public:
  static constexpr size_t kMaxSize = 256;
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  Delimiter() = default;
  Delimiter(std::string bytes);  // NOLINT: framing.delimiter = "\n" reads as it should
  Delimiter(const char* text) : Delimiter(std::string(text)) {}  // NOLINT

  bool operator==(const Delimiter& other) const { return bytes_ == other.bytes_; }
  size_t size() const { return bytes_.size(); }
  std::span<const uint8_t> bytes() const { return {reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()}; }

  // Looks from bytes[at] on, `matched` bytes of the delimiter having been seen right before it.
  // Returns where its first occurrence ends, or kNowhere; `matched` is then what to go on with.
  size_t find(std::span<const uint8_t> bytes, size_t at, size_t& matched) const;

  // Bytes of it that are seen with `byte`, when `matched` were before: all of them, if it ends here.
  size_t advance(size_t matched, uint8_t byte) const;

 private:
  std::string bytes_;
  std::vector<uint16_t> fallback_;  // [n]: the longest end of the first n bytes that also begins them
};

}  // namespace framepipe
