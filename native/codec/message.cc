// The operating system keeps the boundaries: there is nothing to find, and nothing to add.
#include "codec/framing_codec.h"

namespace framepipe {

namespace {

struct Message {
  static constexpr NoFields kFields{};
  static constexpr bool kDelimits = false;
  static const char* fault(const Framing&) { return nullptr; }
  static size_t leastOnWire(const Framing&) { return SIZE_MAX; }
  static int64_t neverRefused(const Framing&) { return kLookAtEach; }  // the system has a say
  static std::unique_ptr<Decoder> makeDecoder(const Framing&) { return nullptr; }
  static constexpr auto encode = encodeBare;
};

}  // namespace

extern const FramingCodec kMessage;
constexpr FramingCodec kMessage = codecOf<Message>();

}  // namespace framepipe
