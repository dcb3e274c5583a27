// What surrounds a frame on the wire. Any thread: encoding keeps no state.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/frame_error.h"
#include "codec/framing.h"

namespace framepipe {

// The wire carries `header` bytes, then the frame from its byte `skip` on, then `trailer` (the framing's own memory).
struct Envelope {
  std::array<uint8_t, 272> bytes;  // left uninitialised: this is the hot path
  size_t header = 0;               // bytes in use
  size_t skip = 0;                 // with keep_header, the frame's own header is replaced by the filled-in copy
  std::span<const uint8_t> trailer;
};

// Fails when the frame does not fit its own length field, the limit or the framing; nothing is written then.
FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope);

}  // namespace framepipe
