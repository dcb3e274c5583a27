#include "blocks.h"

#include <cstdlib>
#include <new>

namespace simulation {

namespace {

constexpr size_t kMost = 4096;
std::span<unsigned char> live[kMost];
size_t count = 0;

void* registered(size_t size) {
  void* memory = std::malloc(size > 0 ? size : 1);
  if (memory && count < kMost) live[count++] = {static_cast<unsigned char*>(memory), size};
  return memory;
}

void freed(void* memory) {
  for (size_t i = count; memory && i-- > 0;) {
    if (live[i].data() != memory) continue;
    live[i] = live[--count];
    break;
  }
  std::free(memory);
}

}  // namespace

size_t liveBlocks() {
  return count;
}

void forgetBlocks() {
  count = 0;
}

bool inLiveBlock(std::span<const unsigned char> bytes) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes.data() >= live[i].data() && bytes.data() + bytes.size() <= live[i].data() + live[i].size()) return true;
  }
  return false;
}

}  // namespace simulation

void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return simulation::registered(size);
}

void* operator new[](size_t size) {
  void* memory = std::malloc(size > 0 ? size : 1);
  if (!memory) std::abort();
  return memory;
}

void operator delete[](void* memory) noexcept {
  simulation::freed(memory);
}

void operator delete[](void* memory, size_t) noexcept {
  simulation::freed(memory);
}
