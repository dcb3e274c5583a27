// A connection's client, kept when the connection has ended: for as long as somebody may want to know who it was, or act
// as it. Any thread.
#pragma once
#include <memory>

#include "core/outcome.h"
#include "impersonation/identity.h"

namespace framepipe {

class Client {
 public:
  virtual ~Client() = default;

  // As Transport::identity().
  virtual Outcome<std::shared_ptr<Identity>> identity(bool to_act) = 0;
};

}  // namespace framepipe
