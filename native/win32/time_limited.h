// A connection that has time limits: the port thread looks at it at every tick.
#pragma once
#include <memory>
#include <utility>

#include "core/connection.h"
#include "win32/port.h"

namespace framepipe::win32 {

class TimeLimited final : public Watched {
 public:
  explicit TimeLimited(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}

  bool onTick() noexcept override {
    const auto connection = connection_.lock();
    return connection && connection->look(GetTickCount64(), Port::kTick);
  }

 private:
  const std::weak_ptr<Connection> connection_;
};

}  // namespace framepipe::win32
