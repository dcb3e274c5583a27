// What an operation that JavaScript waits for came to, when it is more than success or failure.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/descriptor.h"

namespace framepipe {

using Bytes = std::vector<uint8_t>;

struct FileStatus {  // in the units of fs.Stats
  uint64_t dev, mode, nlink, uid, gid, rdev, ino, size, blksize, blocks;
  double atime_ms, mtime_ms, ctime_ms, birthtime_ms;
};

struct DirectoryEntry {
  std::string name;
  int type;  // uv_dirent_type_t
};

struct User {
  std::string name, domain, sid;  // domain and sid: Windows, else empty
  int64_t uid = -1, gid = -1;     // elsewhere; -1 on Windows
};

using Result = std::variant<std::monostate, int64_t, std::string, Bytes, FileStatus, std::vector<DirectoryEntry>, User,
                            Descriptor>;

}  // namespace framepipe
