#include "binding/slabs.h"

#include <cstdlib>
#include <cstring>

namespace framepipe {

namespace {

// Whoever has received so much in large frames is likely to receive more. Less than keepFreedMemory()'s block: or that
// might be found in what these have left free, and teach glibc nothing.
constexpr size_t kMuch = 16u << 20;

// A peer chooses how large its frames are. Where there is no memory for a small one, there is none for anything.
constexpr size_t kLargeFrom = 1u << 20;

// Node ends the process when it has no memory for a buffer. What is found here it finds again.
bool isThereMemory(size_t size) {
  void* volatile block = std::malloc(size);  // volatile: or the compiler leaves both calls out
  const bool found = block != nullptr;
  std::free(block);
  return found;
}

// glibc gives what is free at its heap's end back to the kernel at once, from 128 KiB on; V8 frees slabs by the
// dozen, and the next ones would cost a page fault for each 4 KiB. After a block of nearly 32 MiB has been freed
// it keeps up to twice as much (mallopt(3): M_MMAP_THRESHOLD is dynamic), as in any program that once used one.
// Where a threshold was set by hand, and with other allocators, this changes nothing.
void keepFreedMemory() {
  void* volatile block = std::malloc((32u << 20) - (64u << 10));  // volatile: or the compiler leaves both calls out
  std::free(block);
}

}  // namespace

// JavaScript sees the whole slab through any frame of it (`frame.buffer`) and may transfer() it away:
// a pointer from an earlier turn must not be trusted.
bool Slabs::usable() {
  if (!current_) return false;
  napi_value slab;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_reference_value(env_, current_, &slab) != napi_ok || !slab) return false;
  if (napi_get_buffer_info(env_, slab, &data, &length) != napi_ok) return false;
  return data == data_ && length == kSlabSize;
}

void Slabs::forget() {
  if (current_) napi_delete_reference(env_, current_);
  current_ = nullptr;
  data_ = nullptr;
  used_ = 0;
}

Slabs::Place Slabs::put(std::span<const uint8_t> bytes) {
  Place place;
  if (bytes.size() > kOwnSlabFrom) {
    void* data = nullptr;
    if (bytes.size() > kLargeFrom && !isThereMemory(bytes.size())) return {.ok = false};
    if (napi_create_buffer(env_, bytes.size(), &data, &place.slab) != napi_ok) return {.ok = false};
    std::memcpy(data, bytes.data(), bytes.size());
    if (large_ <= kMuch && (large_ += bytes.size()) > kMuch) keepFreedMemory();
    place.own = true;
    return place;
  }
  if (bytes.size() > kSlabSize - used_ || !usable()) {
    forget();
    void* data = nullptr;
    if (napi_create_buffer(env_, kSlabSize, &data, &place.slab) != napi_ok) return {.ok = false};
    if (napi_create_reference(env_, place.slab, 1, &current_) != napi_ok) return {.ok = false};
    data_ = static_cast<uint8_t*>(data);
  }
  if (!bytes.empty()) std::memcpy(data_ + used_, bytes.data(), bytes.size());
  place.offset = static_cast<uint32_t>(used_);
  used_ += bytes.size();
  return place;
}

}  // namespace framepipe
