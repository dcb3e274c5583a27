#include "binding/outbox.h"

namespace framepipe {

std::span<const Outbox::Run> Outbox::take() {
  const auto count = static_cast<size_t>(table_[kCount]);
  frames_.clear();
  frames_.reserve(count);  // runs are stretches of it: it must not move
  runs_.clear();
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto connection = static_cast<Id>(table_[kFirst + kEntry * i]);
    const auto length = static_cast<size_t>(table_[kFirst + kEntry * i + 1]);
    frames_.push_back(bytes_.subspan(at, length));
    at += length;
    if (runs_.empty() || runs_.back().connection != connection) runs_.push_back({connection, {&frames_.back(), 0}});
    Run& run = runs_.back();
    run.frames = {run.frames.data(), run.frames.size() + 1};
  }
  table_[kCount] = 0;
  return runs_;
}

}  // namespace framepipe
