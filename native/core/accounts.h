// The system's users and groups, by name; the platform's own. Any thread: asking may take seconds, where a directory service
// has them.
#pragma once
#include <string>

#include "core/access.h"
#include "core/outcome.h"

namespace framepipe {

enum class AccountKind : bool { User, Group };

// Its SID (Windows), or its uid or gid (Linux). ENOENT: there is none of this kind.
Outcome<Principal> accountOf(AccountKind kind, const std::string& name);

}  // namespace framepipe
