// What an impersonation thread does for a request of JavaScript's. Made on the JS thread.
#pragma once
#include <atomic>
#include <functional>

#include "core/handle_table.h"
#include "core/outcome.h"
#include "core/result.h"

namespace framepipe {

// Set when nobody waits for an operation any more: it ends before its next step. Any thread.
using Cancelled = std::atomic<bool>;

struct Job {
  Id request;
  std::function<Outcome<Result>(const Cancelled&)> work;
};

}  // namespace framepipe
