// The file that a listening socket is reached by: made, guarded and removed by the one who listens.
// JS thread only.
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "core/failure.h"
#include "posix/socket_address.h"

namespace framepipe::posix {

// To whom the file belongs beside its owner, and who may connect by it.
struct FileAccess {
  mode_t mode = 0600;
  std::optional<gid_t> group = {};  // none: whichever it is
};

class SocketFile {
 public:
  SocketFile() = default;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }

  // Binds the socket to the path. A socket that nobody holds any more is taken out of the way;
  // nothing else ever is.
  Failure bind(int socket, const std::string& path, const FileAccess& access);

  // Who may connect, while others do.
  Failure setAccess(const FileAccess& access) const;

  // Before the socket is closed: until then nobody takes it for a dead one, nor its inode's number.
  // Leaves alone what somebody else has put in its place. Idempotent.
  void remove();

 private:
  Failure recognise(const FileAccess& access);
  Failure change(const FileAccess& access, const char* syscall) const;

  std::string path_;  // empty: there is none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace framepipe::posix
