#include "codec/delimiters.h"

#include <algorithm>

namespace framepipe {

Delimiters::Delimiters(const Delimiter& first, std::span<const Delimiter> more) : first_(first), more_(more) {
  begins_.set(first.bytes()[0]);
  for (const Delimiter& one : more) begins_.set(one.bytes()[0]);
}

// Bytes of it that are matched now; `found` is the longest that ends here.
size_t Delimiters::advance(const Delimiter& one, uint16_t& matched, uint8_t byte, size_t& found) const {
  const size_t now = one.advance(matched, byte);
  matched = static_cast<uint16_t>(now);
  if (now == one.size()) found = std::max(found, now);
  return now;
}

size_t Delimiters::find(std::span<const uint8_t> bytes, size_t at, Progress& progress) const {
  for (; at < bytes.size(); ++at) {
    const uint8_t byte = bytes[at];
    if (progress.held_ == 0 && !begins_.test(byte)) continue;
    size_t found = 0;
    size_t held = advance(first_, progress.matched_[0], byte, found);
    for (size_t i = 0; i < more_.size(); ++i)
      held = std::max(held, advance(more_[i], progress.matched_[i + 1], byte, found));
    progress.held_ = held;
    if (found == 0) continue;
    progress = {};
    progress.size_ = found;
    return at + 1;
  }
  return Delimiter::kNowhere;
}

}  // namespace framepipe
