// Any bytes, cut anywhere: the same frames, within the limit; and each frame makes the way back.
#include "input.h"

namespace framepipe {
namespace {

void checkScan(const Framing& framing, const std::string& wire) {
  const auto decoder = makeDecoder(framing);
  std::vector<Boundary> frames;
  const Decoder::Scan scan = decoder->scan(bytesOf(wire), frames);
  constexpr size_t kLongestHeader = 8192;  // ContentLength's
  const size_t kept = framing.keep_header ? framing.headerLength() : 0;
  must(scan.consumed <= wire.size(), "consumed no more than there is");
  must(!scan.error || scan.wanted == 0, "an error wants nothing");
  must(scan.wanted == 0 || scan.wanted > wire.size() - scan.consumed, "wants more than there is");
  must(scan.wanted <= size_t{framing.max_frame_length} + kLongestHeader, "wants no more than the limit");
  size_t at = 0;
  for (const Boundary& frame : frames) {
    must(at <= frame.begin && frame.begin <= frame.end && frame.end <= scan.consumed, "frames lie in order");
    must(framing.kind == FramingKind::Custom || frame.end - frame.begin - kept <= framing.max_frame_length,
         "no frame above the limit");
    at = frame.end;
  }
  must(!scan.error || scan.error.position == scan.consumed, "the error is where the frames end");
}

// Frames that may be sent are received as they were.
void checkWayBack(const Framing& framing, const std::vector<std::string>& frames) {
  std::string wire;
  Decoded wanted;
  for (const std::string& frame : frames) {
    const std::string bytes = encoded(framing, frame);
    if (bytes == "ERR_FRAME_INVALID" || bytes == "ERR_FRAME_TOO_LARGE") continue;
    wire += bytes;
    wanted.frames.push_back(frame);
  }
  const Decoded back = decode(framing, wire);
  if (framing.keep_header) {
    must(back.frames.size() == wanted.frames.size() && !back.error, "as many frames as were sent");
  } else if (framing.kind != FramingKind::Raw && framing.kind != FramingKind::Custom) {
    must(back == wanted, "the frames that were sent");
  }
}

}  // namespace
}  // namespace framepipe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace framepipe;
  Input input(data, size);
  const Framing framing = input.framing();
  std::vector<uint8_t> steps;
  for (size_t left = input.byte() % 8; left > 0; --left) steps.push_back(static_cast<uint8_t>(1 + input.byte() % 255));
  const std::string wire = input.rest();
  checkScan(framing, wire);
  const Decoded whole = decode(framing, wire);
  std::vector<size_t> cuts;
  for (size_t i = 0, at = 0; !steps.empty(); ++i) {
    at += steps[i % steps.size()];
    if (at >= wire.size()) break;
    cuts.push_back(at);
  }
  const Decoded parts = decode(framing, wire, cuts);
  if (framing.kind != FramingKind::Raw && framing.kind != FramingKind::Custom) {
    must(whole == parts, "the same frames however the stream is cut");
  } else {
    std::string bytes;
    for (const std::string& chunk : parts.frames) bytes += chunk;
    must(bytes == wire && !parts.error, "raw bytes as they came");
  }
  checkWayBack(framing, whole.frames);
  return 0;
}
