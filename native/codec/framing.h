// What a framing is: a flat, validated description that encoder and decoder share. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/delimiter.h"

namespace framepipe {

enum class FramingKind : uint8_t {
  Raw,            // chunks as they come
  LengthPrefix,   // a length field of fixed width, somewhere in a header of fixed size
  Varint,         // protobuf's base-128 length before each frame
  Delimited,      // each frame is followed by a delimiter
  ContentLength,  // header lines, one of them Content-Length, as in LSP
  Fixed,          // frames of one length
  Netstring,      // the length in decimal, a colon, the frame, a comma
  Custom,         // chunks as they come, which JavaScript cuts into frames
  Message,        // the operating system keeps the boundaries
};
constexpr size_t kFramingKinds = static_cast<size_t>(FramingKind::Message) + 1;  // which is the last

// Offsets in a block are 32 bits wide: a frame of this size, its header and one read beyond fit.
constexpr uint32_t kMaxFrameLength = 1u << 30;

struct Framing {
  FramingKind kind = FramingKind::LengthPrefix;
  uint8_t length_bytes = 4;  // 1, 2, 3, 4 or 8
  bool big_endian = false;
  bool keep_header = false;  // LengthPrefix: frames carry their header, both ways
  bool last_frame = false;   // Delimited: what is left over at the end is a frame, too
  bool trim_cr = false;      // Delimited: a CR before the delimiter is not part of the frame
  uint8_t offset = 0;        // bytes of header before the length field
  uint8_t unit = 1;          // a frame's length is a multiple of this: 1, or 2 for UTF-16
  int32_t adjustment = 0;    // frame length = length field + adjustment
  uint32_t frame_bytes = 0;  // Fixed: of each frame
  uint32_t max_frame_length = 16u << 20;  // of the payload, after adjustment, without header and delimiter
  Delimiter delimiter;  // Delimited: the one that is sent
  std::vector<Delimiter> more_delimiters;  // that are taken for it

  size_t headerLength() const { return size_t{offset} + length_bytes; }  // LengthPrefix only
  // Bytes that even an empty frame has in a stream; where each read brings one frame at most, more than any read.
  size_t leastOnWire() const;
};

// What is wrong with a framing, as static text that names the option and the range; null: nothing.
const char* faultOf(const Framing& framing);

}  // namespace framepipe
