#include "binding/delivery.h"

#include <algorithm>

#include "binding/failure_value.h"
#include "binding/result_value.h"

namespace framepipe {

void Delivery::put(uint32_t kind, Id id, Id third, uint32_t fourth, napi_value extra) {
  double* event = &events_[count_++ * kNumbers];
  event[0] = kind;
  event[1] = static_cast<double>(id);
  event[2] = static_cast<double>(third);
  event[3] = fourth;
  if (!extra) return;
  if (!extras_ && napi_create_array(env_, &extras_) != napi_ok) return;
  napi_set_element(env_, extras_, extra_count_++, extra);
}

void Delivery::makeRoom() {
  if ((count_ + 2) * kNumbers > events_.size()) call();
}

bool Delivery::add(Event& event) {
  makeRoom();
  const auto kind = static_cast<uint32_t>(event.kind);
  switch (event.kind) {
    case Event::Kind::Frames:
      if (isCutOff(event.id) || addFrames(event)) return true;
      cutOff(event.id);
      return false;
    case Event::Kind::Ended:
      if (!isCutOff(event.id)) putEnd(event, event.failure);
      return true;
    case Event::Kind::Closed:
      putEnd(event, std::erase(cut_off_, event.id) > 0 ? noMemoryToRead() : event.failure);
      return true;
    case Event::Kind::Unsent:
      putEnd(event, event.failure);
      return true;
    case Event::Kind::Settled:
      put(kind, event.id, event.failure ? 1 : 0, 0,
          event.failure ? static_cast<napi_value>(failureValue(env_, event.failure))
                        : static_cast<napi_value>(toJs(env_, event.result)));
      if (auto* const descriptor = std::get_if<Descriptor>(&event.result))
        descriptors_.emplace_back((count_ - 1) * kNumbers, std::move(*descriptor));
      return true;
    case Event::Kind::Drained:
    case Event::Kind::Accepted:
    case Event::Kind::Unlistened:
      put(kind, event.id, event.other, 0, nullptr);
      return true;
  }
  return true;
}

void Delivery::putEnd(const Event& event, const Failure& failure) {
  put(static_cast<uint32_t>(event.kind), event.id, failure ? 1 : 0, 0,
      failure ? static_cast<napi_value>(failureValue(env_, failure)) : nullptr);
}

bool Delivery::isCutOff(Id connection) const {
  return std::find(cut_off_.begin(), cut_off_.end(), connection) != cut_off_.end();
}

// Nothing that came after what is missing may be told as if it had come next.
void Delivery::cutOff(Id connection) {
  cut_off_.push_back(connection);
  putEnd({.kind = Event::Kind::Ended, .id = connection}, noMemoryToRead());
}

bool Delivery::addFrames(const Event& event) {
  const Chunk& chunk = event.frames;
  const uint8_t* bytes = chunk.data();
  uint32_t counted = 0;  // of the chunk's length, what has been reported
  for (size_t first = 0; first < chunk.frames.size();) {
    if ((count_ + 2) * kNumbers > events_.size() || boundaries_ + kHead + 2 > table_.size()) call();
    const size_t frames = std::min(chunk.frames.size() - first, (table_.size() - boundaries_ - kHead) / 2);
    const size_t last = first + frames - 1;
    const uint32_t begin = chunk.frames[first].begin;
    const uint32_t end = chunk.frames[last].end;
    const Slabs::Place place = slabs_.put(event.id, {bytes + begin, end - begin});
    if (!place.ok) {
      raise();
      return false;
    }
    if (place.slab) put(kSlab, 0, place.own ? 1 : 0, 0, place.slab);
    put(static_cast<uint32_t>(Event::Kind::Frames), event.id, static_cast<uint32_t>(boundaries_),
        static_cast<uint32_t>(frames), nullptr);
    const uint32_t reported = last + 1 == chunk.frames.size() ? chunk.length : end;
    uint32_t* entry = &table_[boundaries_];
    const uint32_t bytes_here = reported - counted;
    *entry++ = bytes_here;
    *entry++ = static_cast<uint32_t>(bytes_here + frames * Chunk::kFrameOverhead + (first == 0 ? Chunk::kOverhead : 0));
    counted = reported;
    const uint32_t shift = place.offset - begin;  // unsigned: wraps around and back
    for (size_t i = first; i <= last; ++i) {
      *entry++ = chunk.frames[i].begin + shift;
      *entry++ = chunk.frames[i].end + shift;
    }
    boundaries_ += kHead + 2 * frames;
    first += frames;
  }
  return true;
}

void Delivery::call() {
  if (count_ == 0) return;
  napi_value global, function, arguments[2];
  napi_get_global(env_, &global);
  napi_get_reference_value(env_, deliver_, &function);
  napi_create_uint32(env_, count_, &arguments[0]);
  if (extras_)
    arguments[1] = extras_;
  else
    napi_get_undefined(env_, &arguments[1]);
  count_ = 0;
  boundaries_ = 0;
  extras_ = nullptr;
  extra_count_ = 0;
  if (napi_make_callback(env_, nullptr, global, function, 2, arguments, nullptr) != napi_ok) raise();
  handOver();
}

// What JavaScript has taken is its own to close; the rest is closed here, as when a worker ends meanwhile.
void Delivery::handOver() {
  for (auto& [event, descriptor] : descriptors_)
    if (events_[event] == kTaken) descriptor.release();
  descriptors_.clear();
}

// Nobody called us who could catch it.
void Delivery::raise() {
  bool pending = false;
  napi_value error;
  if (napi_is_exception_pending(env_, &pending) != napi_ok || !pending) return;  // the environment is ending
  if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
}

}  // namespace framepipe
