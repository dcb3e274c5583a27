#include "scenario.h"

#include <array>

namespace simulation {

using framepipe::Direction;
using framepipe::Framing;
using framepipe::FramingKind;

namespace {

Framing framingOf(Random& random) {
  static const std::array<Framing, 11> all = [] {
    std::array<Framing, 11> framings;
    framings[0].kind = FramingKind::LengthPrefix;
    framings[1].kind = FramingKind::LengthPrefix;
    framings[1].length_bytes = 2;
    framings[1].big_endian = true;
    framings[2].kind = FramingKind::Varint;
    framings[3].kind = FramingKind::Delimited;
    framings[3].delimiter = "\n";
    framings[4].kind = FramingKind::ContentLength;
    framings[5].kind = FramingKind::Raw;
    framings[6].kind = FramingKind::Delimited;
    framings[6].delimiter = "\r\n";
    framings[6].more_delimiters = {"\n", "--"};
    framings[7].kind = FramingKind::Netstring;
    framings[8].kind = FramingKind::Fixed;
    framings[9].kind = FramingKind::Custom;
    framings[10].kind = FramingKind::Message;
    return framings;
  }();
  // Messages have a way of their own through everything.
  Framing framing = all[random.chance(25) ? 10 : random.below(10)];
  framing.max_frame_length = random.chance(90) ? 48 : 9000;
  if (framing.kind == FramingKind::Fixed) framing.frame_bytes = framing.max_frame_length = random.between(1, 48);
  return framing;
}

}  // namespace

Scenario::Scenario(Random& random) {
  options.framing = framingOf(random);
  options.direction = random.chance(84) ? Direction::Duplex : random.chance(50) ? Direction::In : Direction::Out;
  options.high_water_mark = random.chance(80) ? random.below(150) : 1u << 20;
  if (random.chance(70)) options.untaken = random.between(1, 300);
  if (random.chance(30)) {
    const auto limit = [&] { return random.chance(50) ? random.between(1, 200) : 0; };
    options.timeouts = {.first_frame = limit(), .frame = limit(), .idle = limit(), .write = limit()};
  }
  first_room = random.chance(80) ? random.between(8, 64) : 4096;
  completion = random.chance(50);
  waits_for_input = !completion && random.chance(70);
  half_close = completion ? random.chance(25) : random.chance(75);
  tells_read = completion ? random.chance(20) : random.chance(80);
  writes_first = random.chance(15);
  early_cancel = random.chance(30);
  most_at_once = random.chance(50) ? random.between(1, 12) : random.chance(60) ? 100 : 1u << 20;
  failures = random.chance(70) ? 0 : random.between(1, 6);
  eagerness = random.chance(40) ? 60 : random.chance(60) ? 10 : 0;
  steps = random.between(8, 60);
}

}  // namespace simulation
