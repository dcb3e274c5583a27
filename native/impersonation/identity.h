// Who a client is, taken once and kept: a thread can become it and become itself again. Any thread, several at a time.
#pragma once
#include <string>

#include "core/failure.h"
#include "core/outcome.h"
#include "core/result.h"

namespace framepipe {

class Identity {
 public:
  virtual ~Identity() = default;

  // The calling thread acts as the client until revert(). On failure it still is itself.
  virtual Failure assume() noexcept = 0;

  // The calling thread is itself again when this returns; if it cannot be, the process ends here.
  virtual void revert() noexcept = 0;

  // The same around foreign code, which may make threads and processes: they are the server's when
  // revertAfterScript() returns, processes from their first moment.
  virtual Failure assumeForScript() noexcept { return assume(); }
  virtual void revertAfterScript() noexcept { revert(); }

  // Whose it is, the same for all clients of a user, from whatever logon and with whatever groups: who has to wait for whom.
  virtual const std::string& account() const noexcept = 0;

  // Who it is. May ask the system's user database: impersonation threads only, not while assumed.
  virtual Outcome<User> user() noexcept = 0;
};

}  // namespace framepipe
