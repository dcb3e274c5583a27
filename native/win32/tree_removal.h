// Impersonation thread, as the client.
#pragma once
#include <windows.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "impersonation/job.h"
#include "win32/unique_handle.h"

namespace framepipe::win32 {

struct FileError {
  DWORD error = ERROR_SUCCESS;    // GetLastError(); ERROR_CANCELLED: nobody waits for it any more
  const char* syscall = nullptr;  // what was attempted, in Node's words, static

  explicit operator bool() const { return error != ERROR_SUCCESS; }
};

// A folder with all in it, each looked up in the folder that it was found in and removed by its handle: nobody who puts
// something else in the place of a folder has that listed or removed. A reparse point is removed itself.
// However deep it goes, which is somebody else's choice, no more handles are open at once than `most_handles`.
class TreeRemoval {
 public:
  static constexpr size_t kMostHandles = 512;

  explicit TreeRemoval(const Cancelled& cancelled, size_t most_handles = kMostHandles)
      : cancelled_(cancelled), most_handles_(most_handles) {}

  // `path` is what turns out to be no folder, or one. It is no failure that it is gone.
  FileError run(const std::wstring& path);

 private:
  struct Level {
    std::wstring name;  // in the folder above
    UniqueHandle folder;
    std::vector<std::wstring> folders = {};  // in it, still to be removed
    int listed = 0;                          // times
  };

  FileError enter(const std::wstring& name);
  void push(const std::wstring& name, UniqueHandle&& folder);
  FileError empty();
  FileError removeListed(Level& level);
  FileError leave();
  FileError goBack();

  const Cancelled& cancelled_;
  const size_t most_handles_;  // the first folder's, and those of the deepest; to find the others again takes time
  std::vector<Level> levels_;
  std::vector<uint64_t> listing_;  // what the system writes to, aligned as it wants it
};

// What is no folder: by its full path.
FileError removeOther(const std::wstring& path);

}  // namespace framepipe::win32
