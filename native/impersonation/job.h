// What an impersonation thread does for a request of JavaScript's. Made on the JS thread.
#pragma once
#include <functional>

#include "core/handle_table.h"
#include "core/outcome.h"
#include "core/result.h"

namespace framepipe {

struct Job {
  Id request;
  std::function<Outcome<Result>()> work;
};

}  // namespace framepipe
