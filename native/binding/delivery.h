// Turns events into what JavaScript's deliver() reads: four numbers each, a table of boundaries,
// and values for those that need one. See NativeLoop in lib/native.ts. JS thread only.
#pragma once
#include <node_api.h>

#include <span>
#include <utility>
#include <vector>

#include "binding/slabs.h"
#include "core/event_queue.h"

namespace framepipe {

class Delivery {
 public:
  static constexpr size_t kNumbers = 4;  // of an event
  static constexpr size_t kHead = 2;     // in the table, before the boundaries: the bytes, and what they count for
  static constexpr double kTaken = -1;  // in the place of an event's kind: JavaScript has given its value to somebody
  // The kind of event that is none of the loop's: the next frames lie in another slab.
  static constexpr uint32_t kSlab = static_cast<uint32_t>(Event::Kind::Settled) + 1;

  Delivery(napi_env env, napi_ref deliver, std::span<double> events, std::span<uint32_t> table)
      : env_(env), deliver_(deliver), events_(events), table_(table), slabs_(env) {}

  // Inside a handle scope: appends the event, and calls JavaScript first when there is no room. False: there was no memory
  // for its frames. JavaScript is told that this is the end of them, and the connection has to be ended.
  bool add(Event& event);
  // The next add() does not call JavaScript, unless it is of frames.
  void makeRoom();
  Slabs& slabs() { return slabs_; }
  // Calls JavaScript with what was added, in a callback scope of its own: microtasks run at its end.
  void call();

 private:
  bool addFrames(const Event& event);
  void cutOff(Id connection);
  bool isCutOff(Id connection) const;
  void handOver();
  void putEnd(const Event& event, const Failure& failure);
  void raise();
  void put(uint32_t kind, Id id, Id third, uint32_t fourth, napi_value extra);

  napi_env env_;
  napi_ref deliver_;
  std::span<double> events_;
  std::span<uint32_t> table_;
  Slabs slabs_;
  std::vector<Id> cut_off_;  // connections of which only the end is still to be told
  uint32_t count_ = 0;  // events added
  std::vector<std::pair<size_t, Descriptor>> descriptors_;  // by the events that they come with: still to be taken
  size_t boundaries_ = 0;  // table in use
  napi_value extras_ = nullptr;
  uint32_t extra_count_ = 0;
};

}  // namespace framepipe
