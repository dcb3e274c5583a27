// The connections that have read last keep the small block that they read into, for they are likely
// to read again; all others, idle by the thousand, keep none. JS thread only.
#pragma once
#include <algorithm>
#include <array>

#include "posix/socket_input.h"

namespace framepipe::posix {

class RecentReaders {
 public:
  void add(SocketInput& input) {
    if (input.recent) return;
    SocketInput*& place = readers_[next_++ % readers_.size()];
    if (place) forget(*place);
    place = &input;
    input.recent = true;
  }

  void remove(SocketInput& input) {
    if (!input.recent) return;
    forget(input);
    std::replace(readers_.begin(), readers_.end(), &input, static_cast<SocketInput*>(nullptr));
  }

 private:
  static void forget(SocketInput& input) {
    input.recent = false;
    input.rest();
  }

  std::array<SocketInput*, 64> readers_{};
  size_t next_ = 0;
};

}  // namespace framepipe::posix
