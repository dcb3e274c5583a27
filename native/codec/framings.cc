#include "codec/framings.h"

#include <algorithm>
#include <array>

namespace framepipe {

// Each in a file of its own.
extern const FramingCodec kRaw, kLengthPrefix, kVarint, kDelimited, kContentLength, kFixed, kNetstring, kCustom,
    kMessage;

namespace {

// The table: a row for each framing.
constexpr std::array kFramings{
    NamedFraming{FramingKind::Raw, "raw", kRaw},
    NamedFraming{FramingKind::LengthPrefix, "lengthPrefix", kLengthPrefix},
    NamedFraming{FramingKind::Varint, "varint", kVarint},
    NamedFraming{FramingKind::Delimited, "delimited", kDelimited},
    NamedFraming{FramingKind::ContentLength, "contentLength", kContentLength},
    NamedFraming{FramingKind::Fixed, "fixed", kFixed},
    NamedFraming{FramingKind::Netstring, "netstring", kNetstring},
    NamedFraming{FramingKind::Custom, "custom", kCustom},
    NamedFraming{FramingKind::Message, "message", kMessage},
};

constexpr bool inOrder() {
  for (size_t i = 0; i < kFramings.size(); ++i)
    if (kFramings[i].kind != static_cast<FramingKind>(i)) return false;
  return true;
}
static_assert(kFramings.size() == kFramingKinds, "a framing has no row");
static_assert(inOrder(), "rows stand in the order of FramingKind");

const Framing kUnchanged;

bool unchanged(const Framing& framing, const FramingField& field) {
  return std::visit([&](auto member) { return framing.*member == kUnchanged.*member; }, field.member);
}

// Who gives a framing another one's field expects something of it.
bool hasFieldsOfOthers(const Framing& framing) {
  const std::span<const FramingField> own = codecOf(framing.kind).fields;
  const auto isOwn = [&](const FramingField& field) {
    return std::any_of(own.begin(), own.end(), [&](const FramingField& one) { return one.member == field.member; });
  };
  for (const NamedFraming& other : kFramings)
    for (const FramingField& field : other.codec.fields)
      if (!isOwn(field) && !unchanged(framing, field)) return true;
  return false;
}

}  // namespace

std::span<const NamedFraming> framings() {
  return kFramings;
}

const FramingCodec& codecOf(FramingKind kind) {
  return kFramings[static_cast<size_t>(kind)].codec;
}

std::optional<FramingKind> framingCalled(std::string_view name) {
  for (const NamedFraming& framing : kFramings)
    if (name == framing.name) return framing.kind;
  return std::nullopt;
}

const char* faultOf(const Framing& framing) {
  if (framing.max_frame_length < 1 || framing.max_frame_length > kMaxFrameLength)
    return "maxFrameLength must be from 1 to 1073741824 bytes (1 GiB)";
  if (hasFieldsOfOthers(framing)) return "the framing has an option that is another framing's";
  return codecOf(framing.kind).fault(framing);
}

size_t Framing::leastOnWire() const {
  return codecOf(kind).least_on_wire(*this);
}

std::unique_ptr<Decoder> makeDecoder(const Framing& framing) {
  return codecOf(framing.kind).make_decoder(framing);
}

FrameError encode(const Framing& framing, std::span<const uint8_t> frame, Envelope& envelope) {
  envelope.header = 0;
  envelope.skip = 0;
  envelope.trailer = {};
  return codecOf(framing.kind).encode(framing, frame, envelope);
}

}  // namespace framepipe
