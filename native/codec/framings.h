// All framings: the one table of them. Any thread.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "codec/framing_codec.h"

namespace framepipe {

struct NamedFraming {
  FramingKind kind;
  const char* name;  // JavaScript's for it
  const FramingCodec& codec;
};

// In the order of their kinds.
std::span<const NamedFraming> framings();

const FramingCodec& codecOf(FramingKind kind);

std::optional<FramingKind> framingCalled(std::string_view name);

}  // namespace framepipe
