// What the decoders of all framings share: where in the stream they are, and that an error is final.
// One thread at a time.
#pragma once
#include <optional>

#include "codec/decoder.h"

namespace framepipe {

// Who speaks another framing, or none, is likely to be found by an absurd length.
constexpr const char* kAboveLimit = "longer than maxFrameLength (do both sides use the same framing?)";

class StreamDecoder : public Decoder {
 public:
  Scan scan(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) final;
  FrameError end(std::span<const uint8_t> rest, std::vector<Boundary>& frames) final;

 protected:
  virtual Scan search(std::span<const uint8_t> bytes, std::vector<Boundary>& frames) = 0;

  // Of the frame that is incomplete: the bytes before its payload, once they are known.
  virtual size_t headerOf(std::span<const uint8_t> rest) const = 0;

  // The bytes behind it.
  virtual size_t trailer() const { return 0; }

  // What the stream ends with, if that is a frame without an end.
  virtual std::optional<Boundary> last(std::span<const uint8_t>) const { return std::nullopt; }

  // Ends a search: the frame that begins at bytes[at] is refused.
  Scan refuse(size_t at, const char* code, const char* reason, uint64_t declared, uint64_t limit) const;

 private:
  uint64_t position_ = 0;  // of the first byte not consumed, in the stream
  size_t wanted_ = 0;
  FrameError error_;
};

}  // namespace framepipe
