// What a seed decides before the first step: the kind of platform, of pipe, of peer and of reader.
#pragma once
#include "core/loop_options.h"
#include "random.h"

namespace simulation {

struct Scenario {
  explicit Scenario(Random& random);

  framepipe::ChannelOptions options;
  size_t first_room;
  // Completion (Windows): reads and writes may be in flight, and complete on a thread of their own.
  // Readiness (Linux): nothing is in flight; tries are answered at once, or by work(); one thread.
  bool completion;
  bool waits_for_input;  // work() comes only once there is something to read or to write
  bool half_close;       // either end can end sending alone, and the other sees it
  bool tells_read;       // readByPeer() answers
  bool writes_first;     // the peer reads only after all that it wrote was read
  bool early_cancel;     // a cancellation may come too early to find what is in flight
  size_t most_at_once;   // bytes that a read or a write moves
  size_t failures;       // percent of the tries that fail
  size_t eagerness;      // percent of the steps after which JavaScript consumes all
  size_t steps;

  bool messages() const { return options.framing.kind == framepipe::FramingKind::Message; }
  // Bytes come as they come, and JavaScript cuts them, if anybody does.
  bool uncut() const { return options.framing.kind == framepipe::FramingKind::Raw || custom(); }
  bool custom() const { return options.framing.kind == framepipe::FramingKind::Custom; }
  bool receives() const { return options.direction != framepipe::Direction::Out; }
  bool sends() const { return options.direction != framepipe::Direction::In; }
};

}  // namespace simulation
