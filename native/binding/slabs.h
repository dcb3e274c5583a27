// Memory of JavaScript's that received bytes are delivered in. Filled once, front to back, and not rewritten: frames are
// views of it for as long as somebody keeps them. Except slabs that are given back, by batches({ reuse: true }): they are
// filled again, for the same connection, so that a view that outlives its batch shows nobody else's bytes. JS thread only.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/handle_table.h"

namespace framepipe {

class Slabs {
 public:
  explicit Slabs(napi_env env) : env_(env) {}
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;
  ~Slabs();

  struct Place {
    napi_value slab = nullptr;  // a new one, which JavaScript has to be told of; else the same as before
    uint32_t offset = 0;
    bool own = false;  // the new slab is for these bytes only: the one before goes on being filled
    bool ok = true;  // false: no memory
  };
  // Copies `bytes` to where JavaScript can see them.
  Place put(Id connection, std::span<const uint8_t> bytes);

  // A slab of the connection's own in which nobody reads any more, except what may change: its next bytes may be put there.
  // Until then it is V8's to collect, so that a connection that is idle keeps none for long.
  void giveBack(Id connection, napi_value slab);
  // The connection is no more.
  void forget(Id connection);

 private:
  static constexpr size_t kSlabSize = 128u << 10;
  static constexpr size_t kOwnSlabFrom = 32u << 10;  // more bytes than this get a slab to themselves

  struct Free {
    napi_ref slab;  // weak
    size_t size;
  };
  static constexpr size_t kMostFree = 32;  // of a connection

  bool usable();
  void forget();
  Place putOwn(Id connection, std::span<const uint8_t> bytes);
  void* makeOwn(Id connection, size_t size, Place& place);
  void* takeFree(Id connection, size_t size, Place& place);

  napi_env env_;
  napi_ref current_ = nullptr;
  uint8_t* data_ = nullptr;
  size_t used_ = 0;
  size_t large_ = 0;  // bytes that got slabs to themselves
  std::unordered_map<Id, std::vector<Free>> free_;  // of connections that have given some back, the latest last
};

}  // namespace framepipe
