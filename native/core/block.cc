#include "core/block.h"

#include "core/block_pool.h"

namespace framepipe {

void BlockRef::reset() noexcept {
  Block* block = std::exchange(block_, nullptr);
  if (!block || block->holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const std::shared_ptr<BlockPool> home = std::move(block->home_);
  if (!home || !home->keep(block)) delete block;
}

}  // namespace framepipe
