#include "core/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

#include "posix/errno_failure.h"

namespace framepipe {

namespace {

constexpr size_t kMostRoom = 16u << 20;  // a group names all its members

// getpwnam_r() and getgrnam_r() are told how much room there is. `id`: where the entry has it.
template <class Entry, class Id>
Outcome<Principal> find(int (*ask)(const char*, Entry*, char*, size_t, Entry**), Id Entry::* id, Principal::Kind kind,
                        const std::string& name) {
  std::vector<char> room(1024);
  Entry entry{};
  Entry* found = nullptr;
  int error;
  while ((error = ask(name.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE && room.size() < kMostRoom)
    room.resize(room.size() * 2);
  if (found) return Principal{.kind = kind, .id = static_cast<int64_t>(entry.*id)};
  // Of these, too, the manual says that they mean: not found.
  if (error == ESRCH || error == EBADF || error == EPERM) error = 0;
  return posix::errnoFailure(error ? error : ENOENT, "lookUp");
}

}  // namespace

Outcome<Principal> accountOf(AccountKind kind, const std::string& name) {
  if (kind == AccountKind::User) return find<passwd>(getpwnam_r, &passwd::pw_uid, Principal::Kind::Uid, name);
  return find<group>(getgrnam_r, &group::gr_gid, Principal::Kind::Gid, name);
}

}  // namespace framepipe
