// Memory of JavaScript's that received bytes are delivered in. Filled once, front to back, never
// rewritten: frames are views of it for as long as somebody keeps them. JS thread only.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace framepipe {

class Slabs {
 public:
  explicit Slabs(napi_env env) : env_(env) {}
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;
  ~Slabs() { forget(); }

  struct Place {
    napi_value slab = nullptr;  // a new one, which JavaScript has to be told of; else the same as before
    uint32_t offset = 0;
    bool own = false;           // the new slab is for these bytes only: the one before goes on being filled
    bool ok = true;             // false: no memory
  };
  // Copies `bytes` to where JavaScript can see them.
  Place put(std::span<const uint8_t> bytes);

 private:
  static constexpr size_t kSlabSize = 128u << 10;
  static constexpr size_t kOwnSlabFrom = 32u << 10;  // more bytes than this get a slab to themselves

  bool usable();
  void forget();

  napi_env env_;
  napi_ref current_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t used_ = 0;
  size_t large_ = 0;  // bytes that got slabs to themselves
};

}  // namespace framepipe
