// Who may connect to a pipe. Any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace framepipe {

// One user, or many of a kind. Uid, Gid: Linux; all but them, Owner, Administrators, Authenticated and Everyone: Windows.
struct Principal {
  enum class Kind : uint8_t {
    Owner,
    Administrators,
    System,
    Services,
    Interactive,
    AppPackages,
    Authenticated,
    Everyone,
    Sid,
    Uid,
    Gid
  };
  Kind kind = Kind::Owner;
  std::string sid = {};  // S-1-…
  int64_t id = -1;
};

// The least that a client must have: Windows' mandatory label of the pipe.
enum class Integrity : uint8_t { Unset, Low, Medium, High };

struct Access {
  // These, and the server's own user, who always may.
  std::vector<Principal> allow = {};
  Integrity integrity = Integrity::Unset;
  // In place of all that: a security descriptor in Windows' words.
  std::optional<std::string> sddl = {};

  static Access to(Principal::Kind kind) { return {.allow = {{.kind = kind}}}; }
  static Access by(std::string sddl) { return {.sddl = std::move(sddl)}; }
};

}  // namespace framepipe
