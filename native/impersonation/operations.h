// What can be done to files as a client, with Node's semantics, flags, long paths and error names, because libuv does it
// where it can: how a file is opened and a path is followed is the platform's own (file_access.h, folders.h). Libuv's
// functions are called without a loop and a callback: then they run on the calling thread, at once, and touch nothing of
// libuv's but their request. On Windows the descriptor of a file belongs to the C library inside node.exe, so that node:fs
// takes it. Impersonation thread, inside Identity::assume() … revert().
#pragma once
#include <cstdint>
#include <string>

#include "core/outcome.h"
#include "core/result.h"
#include "impersonation/job.h"

namespace framepipe {

struct FileOperation {
  enum class Kind : uint8_t { Open, ReadFile, WriteFile, Stat, LStat, Access, ReadDir, MkDir, Rm, Rename };
  Kind kind;
  std::string path;
  int flags = 0;  // Open, ReadFile, WriteFile: as in fs.constants
  int mode = 0666;  // Open, WriteFile, MkDir: of what is made; Access: what for
  bool recursive = false, force = false;  // MkDir, Rm
  bool special = false;  // ReadFile, WriteFile: also of what is not a regular file
  size_t max_length = 0;  // ReadFile: bytes
  std::string target;  // Rename
  Bytes bytes;  // WriteFile
};

// Open: a Descriptor. ReadFile: FileContents. Stat, LStat: FileStatus. ReadDir: entries. MkDir, recursive: the first folder
// that was made, a string, if any. Else nothing.
Outcome<Result> perform(const FileOperation& operation, const Cancelled& cancelled) noexcept;

}  // namespace framepipe
