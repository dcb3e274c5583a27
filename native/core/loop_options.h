// What a pipe is made with. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/framing.h"

namespace framepipe {

enum class Direction : uint8_t { Duplex = 3, In = 1, Out = 2 };  // as this end sees it
enum class ImpersonationLevel : uint8_t { Anonymous, Identification, Impersonation, Delegation };
enum class Access : uint8_t { Owner, Authenticated, Everyone, Sddl };

struct ChannelOptions {
  std::string path;  // UTF-8: \\.\pipe\name, or the socket's path
  Framing framing;
  Direction direction = Direction::Duplex;
  size_t high_water_mark = 1u << 20;
  // Bytes that are read of a server's connection before anybody has taken it.
  size_t untaken = 64u << 10;
};

struct ListenOptions : ChannelOptions {
  Access access = Access::Owner;
  std::string sddl;
  bool allow_remote = false;
  bool exclusive = true;
  uint32_t max_instances = 0;  // 0: unlimited
  uint32_t pending_instances = 4;
  uint32_t in_buffer = 64u << 10, out_buffer = 64u << 10;
};

struct ConnectOptions : ChannelOptions {
  ImpersonationLevel impersonation = ImpersonationLevel::Identification;
  bool own_server_only = false;  // refuse a pipe that another user created
};

}  // namespace framepipe
