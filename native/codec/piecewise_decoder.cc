#include "codec/piecewise_decoder.h"

namespace framepipe {

PiecewiseDecoder::Frames PiecewiseDecoder::push(std::span<const uint8_t> piece) {
  forgetConsumed();
  frames_.clear();
  // Between frames, the piece is searched where it lies.
  const bool direct = rest_.empty();
  if (!direct) rest_.insert(rest_.end(), piece.begin(), piece.end());
  const std::span<const uint8_t> bytes = direct ? piece : std::span<const uint8_t>(rest_);
  if (bytes.size() < wanted_) return {};
  const Decoder::Scan scan = decoder_->scan(bytes, frames_);
  wanted_ = scan.wanted;
  if (direct)
    rest_.assign(piece.begin() + static_cast<std::ptrdiff_t>(scan.consumed), piece.end());
  else
    consumed_ = scan.consumed;
  return {.bytes = bytes.first(scan.consumed), .frames = frames_, .error = scan.error};
}

void PiecewiseDecoder::forgetConsumed() {
  if (consumed_ == 0) return;
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(consumed_));
  if (rest_.empty() && rest_.capacity() > kKeptCapacity) std::vector<uint8_t>().swap(rest_);
  consumed_ = 0;
}

PiecewiseDecoder::Frames PiecewiseDecoder::end() {
  forgetConsumed();
  frames_.clear();
  const FrameError error = decoder_->end(rest_, frames_);
  if (frames_.empty()) return {.bytes = {}, .frames = {}, .error = error};
  consumed_ = rest_.size();
  return {.bytes = rest_, .frames = frames_, .error = {}};
}

}  // namespace framepipe
