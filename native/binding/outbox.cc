#include "binding/outbox.h"

namespace framepipe {

std::span<const std::span<const uint8_t>> Outbox::take() {
  frames_.clear();
  size_t at = 0;
  for (const uint32_t length : table_.subspan(kLengths, table_[kCount])) {
    frames_.push_back(bytes_.subspan(at, length));
    at += length;
  }
  table_[kCount] = 0;
  return frames_;
}

}  // namespace framepipe
