// A peer that is not framepipe, and a server that is not: plain calls, which wait for 10 s at most. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/loop_options.h"

namespace framepipe::test {

constexpr int kPatience = 10000;  // ms

class RawPeer {
 public:
  using Handle = intptr_t;  // a descriptor, a HANDLE
  static constexpr Handle kNone = -1;

  RawPeer() = default;
  explicit RawPeer(Handle handle) : handle_(handle) {}
  RawPeer(RawPeer&& other) noexcept : handle_(std::exchange(other.handle_, kNone)) {}
  RawPeer& operator=(RawPeer&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~RawPeer() { leave(); }

  // To who serves the pipe with these options; if nobody does, or it stays busy, there is none.
  static RawPeer connect(const ListenOptions& served, int wait = kPatience);

  explicit operator bool() const { return handle_ != kNone; }
  Handle handle() const { return handle_; }

  // All of it, to a pipe of messages as one; or as much as goes in that time.
  bool write(std::string_view bytes, int wait = kPatience) const;
  // So many bytes; fewer if it ends before, or takes longer.
  std::string read(size_t count, int wait = kPatience) const;
  std::string readMessage() const;

  struct Rest {
    std::string bytes;
    bool in_order;  // the other end was closed, neither lost nor never
  };
  Rest readToEnd() const;

  void leave();

 private:
  Handle handle_ = kNone;
};

class RawServer {
 public:
  explicit RawServer(const std::string& path);
  RawPeer accept();
  RawPeer::Handle handle() const { return waiting_.handle(); }

 private:
  RawPeer waiting_;  // what listens
};

}  // namespace framepipe::test
