#include "codec/stream_decoder.h"

#include <algorithm>

namespace framepipe {

Decoder::Scan StreamDecoder::scan(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) {
  if (error_) return {.consumed = 0, .wanted = 0, .error = error_};
  const Scan found = search(bytes, frames);
  position_ += found.consumed;
  wanted_ = found.wanted;
  error_ = found.error;
  return found;
}

FrameError StreamDecoder::end(std::span<const uint8_t> rest, std::vector<Boundary>& frames) {
  if (error_ || rest.empty()) return error_;
  if (const std::optional<Boundary> frame = last(rest)) {
    frames.push_back(*frame);
    return {};
  }
  const size_t header = headerOf(rest);
  const size_t declared = wanted_ == 0 ? 0 : wanted_ - header - trailer();
  const size_t arrived = rest.size() - std::min(header, rest.size());
  error_ = {.code = "ERR_FRAME_TRUNCATED",
            .reason = "the stream ended within a frame",
            .declared = declared,
            .limit = wanted_ == 0 ? arrived : std::min(arrived, declared),
            .position = position_};
  return error_;
}

Decoder::Scan StreamDecoder::refuse(size_t at, const char* code, const char* reason, uint64_t declared,
                                    uint64_t limit) const {
  return {.consumed = at,
          .wanted = 0,
          .error = {.code = code, .reason = reason, .declared = declared, .limit = limit, .position = position_ + at}};
}

}  // namespace framepipe
