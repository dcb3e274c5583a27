// What a file is, by its mode: libuv gives these on every system. Any thread.
#pragma once
#include <uv.h>

namespace framepipe {

enum FileKind : int {
  kFifo = 0010000,
  kCharacterDevice = 0020000,
  kFolder = 0040000,
  kBlockDevice = 0060000,
  kRegular = 0100000,
  kLink = 0120000,
  kSocket = 0140000,
};

inline int kindOf(const uv_stat_t& status) {
  return static_cast<int>(status.st_mode & 0170000);
}

// The same as an entry of a folder says it.
inline uv_dirent_type_t entryTypeOf(int kind) {
  switch (kind) {
    case kFolder:
      return UV_DIRENT_DIR;
    case kRegular:
      return UV_DIRENT_FILE;
    case kLink:
      return UV_DIRENT_LINK;
    case kFifo:
      return UV_DIRENT_FIFO;
    case kSocket:
      return UV_DIRENT_SOCKET;
    case kCharacterDevice:
      return UV_DIRENT_CHAR;
    case kBlockDevice:
      return UV_DIRENT_BLOCK;
    default:
      return UV_DIRENT_UNKNOWN;
  }
}

}  // namespace framepipe
