// Blocks are shared, told apart from those that nobody else holds, and used again.
#include <cstring>
#include <thread>

#include "check.h"
#include "core/block_pool.h"

namespace framepipe {
namespace {

void checkHolders(Checks& check) {
  BlockRef one = Block::make(100);
  check.equal(one->size(), 100u, "size");
  check.that(one.unique(), "one holder");
  BlockRef two = one;
  check.that(one == two && !one.unique() && !two.unique(), "two holders");
  BlockRef moved = std::move(two);
  check.that(!two && moved == one && !one.unique(), "a move makes no third");
  moved = nullptr;
  check.that(one.unique(), "one again");
  one = one;  // NOLINT
  check.that(one && one.unique(), "assigned to itself");
  check.that(!BlockRef() && !BlockRef().unique() && BlockRef() == nullptr, "none");
}

void checkPool(Checks& check) {
  const auto pool = std::make_shared<BlockPool>();
  const auto take = [&](size_t size) { return BlockPool::take(pool, size); };
  BlockRef first = take(100000);
  const Block* address = first.get();
  BlockRef second = take(100000);
  check.that(second.get() != address, "two blocks at once are two");
  first.reset();
  check.that(take(200000).get() != address, "too small for this");
  check.that(take(40000).get() != address, "too large for this");
  check.that(take(60000).get() == address, "used again");
  check.that(take(100000).get() == address, "and again");

  BlockRef small = BlockPool::take(pool, 4096);
  check.equal(small->size(), 4096u, "small ones are made as they are asked for");
  BlockRef alone = BlockPool::take(nullptr, 100000);
  check.that(alone.unique(), "without a pool");

  std::vector<BlockRef> many;
  for (int i = 0; i < 100; ++i) many.push_back(take(100000));
  check.that(pool->kept() < 100000, "all of them are in use");
  many.clear();
  check.that(pool->kept() <= BlockPool::kGreatestTotal, "no more than 4 MiB are kept");
  check.that(pool->kept() > BlockPool::kGreatestTotal - 200000, "but that much is");
}

// The last holder may be on another thread, and the pool's owner gone before.
void checkThreads(Checks& check) {
  auto pool = std::make_shared<BlockPool>();
  const std::weak_ptr<BlockPool> watched = pool;
  for (int round = 0; round < 200; ++round) {
    BlockRef block = BlockPool::take(pool, 64u << 10);
    std::memset(block->data(), round, block->size());
    std::thread reader([shared = block, round, &check] {
      if (shared->data()[shared->size() - 1] != static_cast<uint8_t>(round))
        check.that(false, "read on another thread");
    });
    while (!block.unique()) std::this_thread::yield();
    std::memset(block->data(), 0xff, block->size());  // a race, if unique() told it too early
    reader.join();
  }
  BlockRef last = BlockPool::take(pool, 64u << 10);
  pool.reset();
  check.that(!watched.expired(), "a block keeps its pool");
  std::thread([block = std::move(last)]() mutable { block.reset(); }).join();
  check.that(watched.expired(), "until it comes back to it");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkHolders(check);
  framepipe::checkPool(check);
  framepipe::checkThreads(check);
  return check.report();
}
