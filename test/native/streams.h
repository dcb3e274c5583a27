// Streams of bytes, decoded as a caller of Decoder does it: what is left over is passed again.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "codec/decoder.h"
#include "codec/encoder.h"

namespace framepipe {

inline std::string quoted(const std::string& bytes) {
  std::ostringstream text;
  text << '"';
  for (const char c : bytes.substr(0, 40)) {
    if (c >= ' ' && c <= '~')
      text << c;
    else
      text << "\\x" << std::hex << (static_cast<unsigned>(c) & 0xff) << std::dec;
  }
  text << '"';
  if (bytes.size() > 40) text << "… (" << bytes.size() << " bytes)";
  return text.str();
}

// What a stream came to: its frames, then how it ended.
struct Decoded {
  std::vector<std::string> frames;
  FrameError error;

  bool operator==(const Decoded& other) const {
    return frames == other.frames && std::string(error ? error.code : "") == (other.error ? other.error.code : "") &&
           error.position == other.error.position;
  }
  friend std::ostream& operator<<(std::ostream& out, const Decoded& decoded) {
    for (const std::string& frame : decoded.frames) out << quoted(frame) << ' ';
    if (decoded.error) out << decoded.error.code << " at " << decoded.error.position;
    return out;
  }
};

inline std::span<const uint8_t> bytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Each piece in memory of its own size, so that a read beyond it is found by a sanitizer.
class Stream {
 public:
  explicit Stream(const Framing& framing) : decoder_(makeDecoder(framing)) {}

  void push(std::span<const uint8_t> piece) {
    if (decoded.error) return;
    const size_t size = rest_size_ + piece.size();
    auto bytes = std::make_unique<uint8_t[]>(size);
    if (rest_size_ > 0) std::memcpy(bytes.get(), rest_.get(), rest_size_);
    if (!piece.empty()) std::memcpy(bytes.get() + rest_size_, piece.data(), piece.size());
    std::vector<Boundary> found;
    scan = decoder_->scan({bytes.get(), size}, found);
    for (const Boundary& frame : found)
      decoded.frames.emplace_back(reinterpret_cast<const char*>(bytes.get()) + frame.begin, frame.end - frame.begin);
    decoded.error = scan.error;
    rest_size_ = size - scan.consumed;
    rest_ = std::make_unique<uint8_t[]>(rest_size_);
    if (rest_size_ > 0) std::memcpy(rest_.get(), bytes.get() + scan.consumed, rest_size_);
  }

  const Decoded& end() {
    if (decoded.error) return decoded;
    std::vector<Boundary> found;
    decoded.error = decoder_->end({rest_.get(), rest_size_}, found);
    for (const Boundary& frame : found)
      decoded.frames.emplace_back(reinterpret_cast<const char*>(rest_.get()) + frame.begin, frame.end - frame.begin);
    return decoded;
  }

  Decoder& decoder() { return *decoder_; }
  size_t rest() const { return rest_size_; }

  Decoded decoded;
  Decoder::Scan scan;

 private:
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<uint8_t[]> rest_ = std::make_unique<uint8_t[]>(0);
  size_t rest_size_ = 0;
};

// The stream cut at these places.
inline Decoded decode(const Framing& framing, const std::string& wire, const std::vector<size_t>& cuts = {}) {
  Stream stream(framing);
  size_t from = 0;
  for (const size_t cut : cuts) {
    stream.push(bytesOf(wire).subspan(from, cut - from));
    from = cut;
  }
  stream.push(bytesOf(wire).subspan(from));
  return stream.end();
}

// The wire's bytes, or the error.
inline std::string encoded(const Framing& framing, const std::string& frame) {
  Envelope envelope;
  if (const FrameError error = encode(framing, bytesOf(frame), envelope)) return error.code;
  return std::string(reinterpret_cast<const char*>(envelope.bytes.data()), envelope.header) +
         frame.substr(envelope.skip) +
         std::string(reinterpret_cast<const char*>(envelope.trailer.data()), envelope.trailer.size());
}

// Repeatable on every machine, unlike <random>'s distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t below(uint32_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>((state_ >> 33) % limit);
  }

 private:
  uint64_t state_;
};

inline Framing lengthPrefix(uint8_t bytes = 4, bool big_endian = false) {
  Framing framing;
  framing.length_bytes = bytes;
  framing.big_endian = big_endian;
  return framing;
}

inline Framing varint() {
  Framing framing;
  framing.kind = FramingKind::Varint;
  return framing;
}

inline Framing delimited(const std::string& delimiter) {
  Framing framing;
  framing.kind = FramingKind::Delimited;
  framing.delimiter = delimiter;
  return framing;
}

inline Framing lines() {
  Framing framing = delimited("\n");
  framing.trim_cr = true;
  return framing;
}

inline Framing delimited(const std::string& delimiter, const std::vector<std::string>& more) {
  Framing framing = delimited(delimiter);
  for (const std::string& one : more) framing.more_delimiters.emplace_back(one);
  return framing;
}

inline Framing linesToTheEnd() {
  Framing framing = lines();
  framing.last_frame = true;
  return framing;
}

inline Framing contentLength() {
  Framing framing;
  framing.kind = FramingKind::ContentLength;
  return framing;
}

inline Framing fixed(uint32_t bytes) {
  Framing framing;
  framing.kind = FramingKind::Fixed;
  framing.frame_bytes = bytes;
  return framing;
}

inline Framing netstring() {
  Framing framing;
  framing.kind = FramingKind::Netstring;
  return framing;
}

inline Framing raw() {
  Framing framing;
  framing.kind = FramingKind::Raw;
  return framing;
}

inline Framing message() {
  Framing framing;
  framing.kind = FramingKind::Message;
  return framing;
}

}  // namespace framepipe
