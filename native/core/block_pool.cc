#include "core/block_pool.h"

namespace framepipe {

BlockRef BlockPool::take(const std::shared_ptr<BlockPool>& pool, size_t size) {
  if (!pool || size < kLeastSize || size > kGreatestSize) return Block::make(size);
  std::unique_ptr<Block> block = pool->find(size);
  if (!block) block = Block::allocate(size);
  if (!block) return {};
  block->home_ = pool;
  return BlockRef(block.release());
}

std::unique_ptr<Block> BlockPool::find(size_t size) {
  const std::lock_guard lock(mutex_);
  for (size_t i = free_.size(); i-- > 0;) {
    if (free_[i]->size() < size || free_[i]->size() / 2 > size) continue;
    std::unique_ptr<Block> block = std::move(free_[i]);
    free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i));
    total_ -= block->size();
    return block;
  }
  return nullptr;
}

size_t BlockPool::kept() {
  const std::lock_guard lock(mutex_);
  return total_;
}

bool BlockPool::keep(Block* block) noexcept {
  const std::lock_guard lock(mutex_);
  if (total_ + block->size() > kGreatestTotal) return false;
  free_.emplace_back(block);
  total_ += block->size();
  return true;
}

}  // namespace framepipe
