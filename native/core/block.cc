#include "core/block.h"

#include "core/block_pool.h"

namespace framepipe {

std::unique_ptr<Block> Block::allocate(size_t size) {
  std::unique_ptr<Block> block(new (std::nothrow) Block(size));
  if (block && !block->bytes_) block.reset();
  return block;
}

BlockRef Block::make(size_t size) {
  return BlockRef(allocate(size).release());
}

void BlockRef::reset() noexcept {
  Block* block = std::exchange(block_, nullptr);
  if (!block || block->holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::shared_ptr<BlockPool> home = std::move(block->home_);
  if (!home || !home->keep(block)) delete block;
}

}  // namespace framepipe
