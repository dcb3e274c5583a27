// Several delimiters to look for at once: whichever ends first. Each byte is looked at once. Any thread.
#pragma once
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/delimiter.h"

namespace framepipe {

class Delimiters {
 public:
  static constexpr size_t kMost = 16;

  // kMost at most, in all. They have to last as long as this.
  Delimiters(const Delimiter& first, std::span<const Delimiter> more);

  // How far a search has come.
  class Progress {
   public:
    // Bytes that may yet be the beginning of one.
    size_t held() const { return held_; }
    // Of the one that was found. Of those that end at the same byte, the longest.
    size_t size() const { return size_; }

   private:
    friend class Delimiters;
    std::array<uint16_t, kMost> matched_{};
    size_t held_ = 0;
    size_t size_ = 0;
  };

  // Looks from bytes[at] on; returns where the first one ends, or Delimiter::kNowhere.
  size_t find(std::span<const uint8_t> bytes, size_t at, Progress& progress) const;

 private:
  size_t advance(const Delimiter& one, uint16_t& matched, uint8_t byte, size_t& found) const;

  const Delimiter& first_;
  const std::span<const Delimiter> more_;
  std::bitset<256> begins_;  // a byte with which one of them begins
};

}  // namespace framepipe
