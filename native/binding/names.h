// What JavaScript calls the values of native code's enumerations. A value without a name here is a warning of the
// compiler (-Wswitch): JavaScript has to know it, too. Any thread.
#pragma once
#include <optional>
#include <string_view>

#include "core/event_queue.h"
#include "core/loop_options.h"
#include "impersonation/operations.h"

namespace framepipe {

constexpr const char* nameOf(Principal::Kind kind) {
  switch (kind) {
    case Principal::Kind::Owner:
      return "owner";
    case Principal::Kind::Administrators:
      return "administrators";
    case Principal::Kind::System:
      return "system";
    case Principal::Kind::Services:
      return "services";
    case Principal::Kind::Interactive:
      return "interactive";
    case Principal::Kind::AppPackages:
      return "appPackages";
    case Principal::Kind::Authenticated:
      return "authenticated";
    case Principal::Kind::Everyone:
      return "everyone";
    case Principal::Kind::Sid:
      return "sid";
    case Principal::Kind::Uid:
      return "uid";
    case Principal::Kind::Gid:
      return "gid";
  }
  return nullptr;
}

constexpr const char* nameOf(Integrity integrity) {
  switch (integrity) {
    case Integrity::Unset:
      return "unset";
    case Integrity::Low:
      return "low";
    case Integrity::Medium:
      return "medium";
    case Integrity::High:
      return "high";
  }
  return nullptr;
}

constexpr const char* nameOf(Direction direction) {
  switch (direction) {
    case Direction::Duplex:
      return "duplex";
    case Direction::In:
      return "in";
    case Direction::Out:
      return "out";
  }
  return nullptr;
}

constexpr const char* nameOf(ImpersonationLevel level) {
  switch (level) {
    case ImpersonationLevel::Anonymous:
      return "anonymous";
    case ImpersonationLevel::Identification:
      return "identification";
    case ImpersonationLevel::Impersonation:
      return "impersonation";
    case ImpersonationLevel::Delegation:
      return "delegation";
  }
  return nullptr;
}

constexpr const char* nameOf(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::Frames:
      return "frames";
    case Event::Kind::Ended:
      return "ended";
    case Event::Kind::Unsent:
      return "unsent";
    case Event::Kind::Drained:
      return "drained";
    case Event::Kind::Closed:
      return "closed";
    case Event::Kind::Accepted:
      return "accepted";
    case Event::Kind::Unlistened:
      return "unlistened";
    case Event::Kind::Settled:
      return "settled";
  }
  return nullptr;
}

constexpr const char* nameOf(FileOperation::Kind kind) {
  switch (kind) {
    case FileOperation::Kind::Open:
      return "open";
    case FileOperation::Kind::ReadFile:
      return "readFile";
    case FileOperation::Kind::WriteFile:
      return "writeFile";
    case FileOperation::Kind::Stat:
      return "stat";
    case FileOperation::Kind::LStat:
      return "lstat";
    case FileOperation::Kind::Access:
      return "access";
    case FileOperation::Kind::ReadDir:
      return "readdir";
    case FileOperation::Kind::MkDir:
      return "mkdir";
    case FileOperation::Kind::Rm:
      return "rm";
    case FileOperation::Kind::Rename:
      return "rename";
  }
  return nullptr;
}

// Calls visit(value, name) for each value of an enumeration of 8 bits, the least one first.
template <class Enum, class Visit>
constexpr void eachValue(Visit visit) {
  for (int number = 0; number < 256; ++number) {
    const auto value = static_cast<Enum>(number);
    if (const char* name = nameOf(value)) visit(value, name);
  }
}

// The value that JavaScript calls so, if there is one.
template <class Enum>
constexpr std::optional<Enum> valueOf(std::string_view name) {
  std::optional<Enum> found;
  eachValue<Enum>([&](Enum value, std::string_view known) {
    if (known == name) found = value;
  });
  return found;
}

}  // namespace framepipe
