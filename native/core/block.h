// Memory that the operating system reads into: private to native code, shared by reference count,
// written only at its end. Any thread may hold one; one thread at a time appends.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace framepipe {

class Block {
 public:
  explicit Block(size_t size) : bytes_(new uint8_t[size]), size_(size) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
};

using BlockRef = std::shared_ptr<Block>;

}  // namespace framepipe
