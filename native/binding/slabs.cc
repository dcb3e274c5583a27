#include "binding/slabs.h"

#include <bit>
#include <cstddef>
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

Slabs::~Slabs() {
  forget();
  while (!free_.empty()) forget(free_.begin()->first);
}

void Slabs::giveBack(Id connection, napi_value slab) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_buffer_info(env_, slab, &data, &length) != napi_ok || length <= kOwnSlabFrom) return;
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, slab, 0, &reference) != napi_ok) return;
  std::vector<Free>& free = free_[connection];
  free.push_back({reference, length});
  if (free.size() <= kMostFree) return;
  napi_delete_reference(env_, free.front().slab);
  free.erase(free.begin());
}

void Slabs::forget(Id connection) {
  const auto found = free_.find(connection);
  if (found == free_.end()) return;
  for (const Free& free : found->second) napi_delete_reference(env_, free.slab);
  free_.erase(found);
}

// One that fits, and that nobody has transferred away.
void* Slabs::takeFree(Id connection, size_t size, Place& place) {
  const auto found = free_.find(connection);
  if (found == free_.end()) return nullptr;
  std::vector<Free>& free = found->second;
  for (size_t i = free.size(); i-- > 0;) {
    if (free[i].size < size || free[i].size / 4 * 3 > size) continue;  // what waits counts for its bytes
    const Free taken = free[i];
    free.erase(free.begin() + static_cast<std::ptrdiff_t>(i));
    void* data = nullptr;
    size_t length = 0;
    const bool there = napi_get_reference_value(env_, taken.slab, &place.slab) == napi_ok && place.slab &&
                       napi_get_buffer_info(env_, place.slab, &data, &length) == napi_ok && length == taken.size;
    napi_delete_reference(env_, taken.slab);
    if (there) return data;
  }
  return nullptr;
}

void* Slabs::makeOwn(Id connection, size_t size, Place& place) {
  // Sizes that are alike, so that the next bytes fit: an eighth more at most.
  if (free_.contains(connection)) {
    const size_t step = std::bit_floor(size) / 8;
    size = (size + step - 1) / step * step;
  }
  void* data = nullptr;
  if (size > kLargeFrom && !isThereMemory(size)) return nullptr;
  return napi_create_buffer(env_, size, &data, &place.slab) == napi_ok ? data : nullptr;
}

Slabs::Place Slabs::putOwn(Id connection, std::span<const uint8_t> bytes) {
  Place place{.own = true};
  void* data = takeFree(connection, bytes.size(), place);
  if (!data) data = makeOwn(connection, bytes.size(), place);
  if (!data) return {.ok = false};
  std::memcpy(data, bytes.data(), bytes.size());
  if (large_ <= kMuch && (large_ += bytes.size()) > kMuch) keepFreedMemory();
  return place;
}

Slabs::Place Slabs::put(Id connection, std::span<const uint8_t> bytes) {
  if (bytes.size() > kOwnSlabFrom) return putOwn(connection, bytes);
  Place place;
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
