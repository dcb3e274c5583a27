// Frames that JavaScript has gathered for one connection, in memory that both sides share: many small
// ones cross at once, and none needs a crossing of its own when native code comes by anyway (at the end of
// a delivery). See lib/outbox.ts. JS thread only.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/handle_table.h"

namespace framepipe {

class Outbox {
 public:
  // `table`: the connection, how many frames, then the length of each.
  Outbox(std::span<const uint8_t> bytes, std::span<uint32_t> table) : bytes_(bytes), table_(table) {}

  bool empty() const { return table_[kCount] == 0; }
  Id connection() const { return table_[kConnection]; }

  // The frames, oldest first, valid until JavaScript runs again. The outbox is empty after this.
  std::span<const std::span<const uint8_t>> take();

 private:
  static constexpr size_t kConnection = 0, kCount = 1, kLengths = 2;

  std::span<const uint8_t> bytes_;
  std::span<uint32_t> table_;
  std::vector<std::span<const uint8_t>> frames_;
};

}  // namespace framepipe
