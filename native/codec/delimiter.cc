#include "codec/delimiter.h"

#include <cstring>
#include <utility>

namespace framepipe {

Delimiter::Delimiter(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.size() < 2 || bytes_.size() > kMaxSize) return;
  fallback_.assign(bytes_.size() + 1, 0);
  size_t matched = 0;
  for (size_t i = 1; i < bytes_.size(); ++i) {
    matched = advance(matched, static_cast<uint8_t>(bytes_[i]));
    fallback_[i + 1] = static_cast<uint16_t>(matched);
  }
}

size_t Delimiter::advance(size_t matched, uint8_t byte) const {
  while (static_cast<uint8_t>(bytes_[matched]) != byte) {
    if (matched == 0) return 0;
    matched = fallback_[matched];
  }
  return matched + 1;
}

size_t Delimiter::find(std::span<const uint8_t> bytes, size_t at, size_t& matched) const {
  while (at < bytes.size()) {
    if (matched == 0) {
      const void* first = std::memchr(bytes.data() + at, static_cast<uint8_t>(bytes_[0]), bytes.size() - at);
      if (!first) return kNowhere;
      at = static_cast<size_t>(static_cast<const uint8_t*>(first) - bytes.data()) + 1;
      matched = 1;
    } else {
      matched = advance(matched, bytes[at]);
      ++at;
    }
    if (matched == bytes_.size()) {
      matched = 0;
      return at;
    }
  }
  return kNowhere;
}

}  // namespace framepipe
