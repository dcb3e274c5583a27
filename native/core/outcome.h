// Either a value or why there is none. Any thread.
#pragma once
#include <utility>

#include "core/failure.h"

namespace framepipe {

template <class T>
struct Outcome {
  T value{};
  Failure failure;

  Outcome(T v) : value(std::move(v)) {}                // NOLINT: returns read better without a wrapper
  Outcome(const Failure& f) : failure(f) {}            // NOLINT
  explicit operator bool() const { return !failure; }  // true: there is a value
};

}  // namespace framepipe
