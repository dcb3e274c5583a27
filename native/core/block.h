// Memory that the operating system reads into: private to native code, shared by reference count,
// written only at its end, or from its beginning again once nobody else holds it. Any thread may
// hold one; one thread at a time appends.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace framepipe {

class BlockPool;
class BlockRef;

class Block {
 public:
  // Empty when there is no memory: a peer has a say in the size, and must not end the process by it.
  static BlockRef make(size_t size);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  friend class BlockRef;
  friend class BlockPool;

  static std::unique_ptr<Block> allocate(size_t size);
  explicit Block(size_t size) : bytes_(new (std::nothrow) uint8_t[size]), size_(size) {}  // not zeroed

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
  std::atomic<uint32_t> holders_{0};
  std::shared_ptr<BlockPool> home_;  // where it goes when nobody holds it; empty: freed
};

// Holds a block. Unlike a shared_ptr it can tell for sure that nobody else does.
class BlockRef {
 public:
  BlockRef() = default;
  BlockRef(std::nullptr_t) {}  // NOLINT: reads like a pointer
  explicit BlockRef(Block* block) : block_(block) { hold(); }
  BlockRef(const BlockRef& other) : block_(other.block_) { hold(); }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() { reset(); }

  void reset() noexcept;

  // What other holders did with the block has happened before this returns true.
  bool unique() const { return block_ && block_->holders_.load(std::memory_order_acquire) == 1; }

  Block* get() const { return block_; }
  Block* operator->() const { return block_; }
  Block& operator*() const { return *block_; }
  explicit operator bool() const { return block_ != nullptr; }
  friend bool operator==(const BlockRef&, const BlockRef&) = default;

 private:
  void hold() {
    if (block_) block_->holders_.fetch_add(1, std::memory_order_relaxed);
  }

  Block* block_ = nullptr;
};

}  // namespace framepipe
