// Frames that JavaScript has gathered, in memory that both sides share: many small ones cross at once, and none needs
// a crossing of its own when native code comes by anyway (at the end of a delivery). See lib/outbox.ts. JS thread only.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/handle_table.h"

namespace framepipe {

class Outbox {
 public:
  // The table: at kCount how many frames; from kFirst on, kEntry numbers for each: the connection and the length.
  static constexpr size_t kCount = 0, kFirst = 1, kEntry = 2;

  Outbox(std::span<const uint8_t> bytes, std::span<double> table) : bytes_(bytes), table_(table) {}

  bool empty() const { return table_[kCount] == 0; }

  // Frames that follow each other and are for the same connection.
  struct Run {
    Id connection = 0;
    std::span<const std::span<const uint8_t>> frames;
  };
  // The runs, oldest first, valid until JavaScript runs again. The outbox is empty after this.
  std::span<const Run> take();

 private:
  std::span<const uint8_t> bytes_;
  std::span<double> table_;
  std::vector<std::span<const uint8_t>> frames_;
  std::vector<Run> runs_;
};

}  // namespace framepipe
