#include "codec/encoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace framepipe {

namespace {

constexpr const char* kTooLarge = "ERR_FRAME_TOO_LARGE";
constexpr const char* kInvalid = "ERR_FRAME_INVALID";
constexpr const char* kAboveLimit = "longer than the framing's maxFrameLength";

FrameError refuse(const char* code, const char* reason, uint64_t given, uint64_t limit) {
  return {.code = code, .reason = reason, .declared = given, .limit = limit, .position = 0};
}

void putLength(const Framing& framing, uint64_t value, uint8_t* field) {
  const size_t width = framing.length_bytes;
  for (size_t i = 0; i < width; ++i)
    field[framing.big_endian ? width - 1 - i : i] = static_cast<uint8_t>(value >> (8 * i));
}

FrameError encodeLengthPrefix(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
  const size_t header = framing.headerLength();
  const size_t kept = framing.keep_header ? header : 0;
  if (frame.size() < kept)
    return refuse(kInvalid, "keepHeader: the frame is shorter than its header", frame.size(), header);
  const uint64_t length = frame.size() - kept;
  const int64_t value = static_cast<int64_t>(length) - framing.adjustment;
  if (value < 0)
    return refuse(kInvalid, "shorter than the adjustment that is added to its length", length,
                  static_cast<uint64_t>(framing.adjustment));
  const uint64_t greatest = UINT64_MAX >> (64 - 8 * framing.length_bytes);
  if (static_cast<uint64_t>(value) > greatest) {
    const int64_t longest = std::max<int64_t>(0, static_cast<int64_t>(greatest) + framing.adjustment);
    return refuse(kTooLarge, "longer than its length field can say", length,
                  static_cast<uint64_t>(longest) / framing.unit * framing.unit);
  }
  if (length > framing.max_frame_length) return refuse(kTooLarge, kAboveLimit, length, framing.max_frame_length);
  if (length & (framing.unit - 1u))
    return refuse(kInvalid, "UTF-16 takes an even number of bytes", length, framing.max_frame_length);
  if (kept)
    std::memcpy(envelope.bytes.data(), frame.data(), header);
  else
    std::memset(envelope.bytes.data(), 0, framing.offset);
  putLength(framing, static_cast<uint64_t>(value), envelope.bytes.data() + framing.offset);
  envelope.header = header;
  envelope.skip = kept;
  return {};
}

FrameError encodeDelimited(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
  const Delimiter& delimiter = framing.delimiter;
  // Found early, it may still begin within the frame and end within the delimiter ("a" before "aa").
  size_t matched = 0;
  if (delimiter.find(frame, 0, matched) != Delimiter::kNowhere ||
      delimiter.find(delimiter.bytes(), 0, matched) != delimiter.size())
    return refuse(kInvalid, "the frame contains the delimiter", frame.size(), framing.max_frame_length);
  if (framing.trim_cr && !frame.empty() && frame.back() == '\r')
    return refuse(kInvalid, "the frame ends in a CR, which belongs to the line's end", frame.size(),
                  framing.max_frame_length);
  envelope.trailer = delimiter.bytes();
  return {};
}

void putVarint(uint64_t value, Envelope& envelope) {
  for (; value >= 0x80; value >>= 7) envelope.bytes[envelope.header++] = static_cast<uint8_t>(value | 0x80);
  envelope.bytes[envelope.header++] = static_cast<uint8_t>(value);
}

void putContentLength(uint64_t value, Envelope& envelope) {
  constexpr char kName[] = "Content-Length: ", kEnd[] = "\r\n\r\n";
  char* at = reinterpret_cast<char*>(envelope.bytes.data());
  std::memcpy(at, kName, sizeof kName - 1);
  at = std::to_chars(at + sizeof kName - 1, at + envelope.bytes.size(), value).ptr;
  std::memcpy(at, kEnd, sizeof kEnd - 1);
  envelope.header = static_cast<size_t>(reinterpret_cast<uint8_t*>(at) - envelope.bytes.data()) + sizeof kEnd - 1;
}

}  // namespace

FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
  envelope.header = 0;
  envelope.skip = 0;
  envelope.trailer = {};
  const bool has_own_limit = framing.kind == FramingKind::Raw || framing.kind == FramingKind::LengthPrefix;
  if (!has_own_limit && frame.size() > framing.max_frame_length)
    return refuse(kTooLarge, kAboveLimit, frame.size(), framing.max_frame_length);
  switch (framing.kind) {  // -Wswitch: a kind that is missing here would go out as it is
    case FramingKind::Raw:
    case FramingKind::Message:
      break;
    case FramingKind::LengthPrefix:
      return encodeLengthPrefix(framing, frame, envelope);
    case FramingKind::Varint:
      putVarint(frame.size(), envelope);
      break;
    case FramingKind::Delimited:
      return encodeDelimited(framing, frame, envelope);
    case FramingKind::ContentLength:
      putContentLength(frame.size(), envelope);
      break;
  }
  return {};
}

}  // namespace framepipe
