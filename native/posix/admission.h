// Which peers a server lets in, by the kernel's word, and what its socket's file says to others. JS thread only.
#pragma once
#include <sys/types.h>

#include <vector>

#include "core/access.h"
#include "core/connection.h"
#include "posix/socket_file.h"

namespace framepipe::posix {

class Admission {
 public:
  explicit Admission(const Access& access);

  // As narrow as can be for all of them to come in.
  FileAccess ofFile() const;

  // The file keeps others out already; but not those who connected before it was changed, nor where a file system does not
  // care for modes, and not every list can be said with a mode. `socket`: the peer's.
  bool admits(const Peer& peer, int socket) const;

 private:
  bool everyone_ = false;
  std::vector<int64_t> users_, groups_;
};

}  // namespace framepipe::posix
