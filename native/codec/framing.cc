#include "codec/framing.h"

#include <cstdint>

namespace framepipe {

size_t Framing::leastOnWire() const {
  switch (kind) {
    case FramingKind::LengthPrefix:
      return headerLength();
    case FramingKind::Varint:
      return 1;
    case FramingKind::Delimited:
      return delimiter.size();
    case FramingKind::ContentLength:
      return 16;  // the header's name, and more
    default:
      return SIZE_MAX;
  }
}

const char* faultOf(const Framing& framing) {
  const bool prefix = framing.kind == FramingKind::LengthPrefix;
  const uint8_t width = framing.length_bytes;
  if (framing.max_frame_length < 1 || framing.max_frame_length > kMaxFrameLength)
    return "maxFrameLength must be from 1 to 1073741824 bytes (1 GiB)";
  if (framing.unit != 1 && framing.unit != 2) return "unit must be 1 or 2 bytes";
  if (framing.unit != 1 && !prefix) return "unit is for lengthPrefix only";
  if (framing.keep_header && !prefix) return "keepHeader is for lengthPrefix only";
  if (framing.trim_cr && framing.kind != FramingKind::Delimited) return "trimCr is for delimited only";
  if (prefix && !(width >= 1 && width <= 4) && width != 8) return "lengthBytes must be 1, 2, 3, 4 or 8";
  // A greater one leaves no frame that is allowed.
  if (prefix && framing.adjustment > static_cast<int64_t>(framing.max_frame_length))
    return "adjustment must not exceed maxFrameLength";
  if (framing.kind == FramingKind::Delimited && framing.delimiter.size() == 0) return "the delimiter must not be empty";
  if (framing.delimiter.size() > Delimiter::kMaxSize) return "the delimiter must not exceed 256 bytes";
  return nullptr;
}

}  // namespace framepipe
