// What a pipe is made with. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/framing.h"
#include "core/access.h"

namespace framepipe {

enum class Direction : uint8_t { Duplex = 3, In = 1, Out = 2 };  // as this end sees it
enum class ImpersonationLevel : uint8_t { Anonymous, Identification, Impersonation, Delegation };

// In ms; 0: none. See TimeLimits.
struct Timeouts {
  uint64_t first_frame = 0, frame = 0, idle = 0, write = 0;
  bool any() const { return first_frame + frame + idle + write > 0; }
  bool progress() const { return idle + write > 0; }  // whether it matters how the peer takes what is sent
};

struct ChannelOptions {
  std::string path;  // UTF-8: \\.\pipe\name, or the socket's path
  Framing framing;
  Direction direction = Direction::Duplex;
  size_t high_water_mark = 1u << 20;
  // Bytes that are read of a server's connection before anybody has taken it.
  size_t untaken = 64u << 10;
  Timeouts timeouts = {};
  bool busy_poll = true;
};

struct ListenOptions : ChannelOptions {
  Access access = {};
  bool allow_remote = false;
  bool exclusive = true;
  uint32_t max_instances = 0;  // 0: unlimited
  uint32_t pending_instances = 4;
  uint32_t backlog = 128;        // connections that nobody has taken yet
  uint32_t max_per_user = 0;     // connections at once; 0: unlimited
  uint32_t in_buffer = 64u << 10, out_buffer = 64u << 10;
};

struct ConnectOptions : ChannelOptions {
  ImpersonationLevel impersonation = ImpersonationLevel::Identification;
  // Whose pipe it may be: Owner, Administrators, Sid, Uid. Empty: anybody's.
  std::vector<Principal> server_owners = {};
};

}  // namespace framepipe
