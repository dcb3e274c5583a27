// Large blocks that nobody holds, kept for the next one who needs such a block: fresh memory costs
// a system call and a page fault for each 4 KiB of it. Shared by all connections of a loop, so that
// idle ones need not keep any. Any thread.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/block.h"

namespace framepipe {

class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  static constexpr size_t kLeastSize = 32u << 10;     // what is smaller, malloc does as well
  static constexpr size_t kGreatestSize = 2u << 20;
  static constexpr size_t kGreatestTotal = 4u << 20;  // what an idle process keeps

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block of at least `size` bytes, and not of many more; empty when there is no memory. `pool` may be empty.
  static BlockRef take(const std::shared_ptr<BlockPool>& pool, size_t size);

  // Bytes of blocks that nobody holds.
  size_t kept();

 private:
  friend class BlockRef;
  bool keep(Block* block) noexcept;  // false: there is no room for it
  std::unique_ptr<Block> find(size_t size);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> free_;  // the last one used is the one still in the cache
  size_t total_ = 0;
};

}  // namespace framepipe
