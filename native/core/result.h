// What an operation that JavaScript waits for came to, when it is more than success or failure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/descriptor.h"

namespace framepipe {

using Bytes = std::vector<uint8_t>;

// Of a size that somebody else has chosen: without memory for it there are no bytes, and the process goes on.
struct FileContents {
  std::unique_ptr<uint8_t[]> bytes;
  size_t length = 0;
};

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
  std::vector<std::string> group_sids = {};  // Windows: those that are enabled
  std::vector<int64_t> group_ids = {};       // elsewhere: supplementary ones
  std::optional<bool> elevated = {};         // Windows, like the next one
  const char* integrity = nullptr;           // static
};

using Result = std::variant<std::monostate, int64_t, std::string, FileContents, FileStatus, std::vector<DirectoryEntry>,
                            User, Descriptor>;

}  // namespace framepipe
