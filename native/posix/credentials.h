// What the kernel judges one thread by. Credentials belong to threads; that setresuid(3) and its like change those
// of the whole process is the C library's doing, so these are raw system calls, and other threads stay who they are.
//
// Only the effective ids change, with the file system ids, the groups and the capabilities that follow from them:
// that is what decides about files. The real and saved ids stay the server's. They are what lets the thread come
// back, and what the kernel asks when somebody sends a signal: with the client's real id, the client could kill the
// server, or send it SIGUSR1, which opens Node's debugger. The price is that access(2), which asks for the real ids,
// does not see the client: see file_access.cc.
//
// Root is a matter of capabilities as much as of its number: the root of a container has few. A thread that acts as
// root has those of this process that the client has, too.
#pragma once
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <vector>

namespace framepipe::posix {

// Two words of 32 capabilities each.
using CapabilitySet = std::array<uint32_t, 2>;

// Somebody that a thread can become.
struct Subject {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  CapabilitySet capabilities{};  // the most that the thread keeps of its own; nobody but root has any
};

struct Credentials {
  struct Ids {
    uint32_t real = 0, effective = 0, saved = 0;
    bool operator==(const Ids&) const = default;
  };
  struct Capabilities {
    CapabilitySet effective{}, permitted{}, inheritable{};
    bool operator==(const Capabilities&) const = default;
  };
  Ids users, group_ids;
  std::vector<gid_t> groups;
  Capabilities capabilities;
  bool operator==(const Credentials&) const = default;
};

// Each concerns the calling thread, and returns 0 or an errno.
int readCredentials(Credentials& into) noexcept;

// Whether a thread with these credentials need not change to act as `subject`.
bool actsAs(const Credentials& credentials, const Subject& subject) noexcept;

// From `own`, its present credentials, to the subject's. After an error it has its own again.
int become(const Credentials& own, const Subject& subject) noexcept;

// Back to `own`. If that cannot be, the process ends here.
void restore(const Credentials& own) noexcept;

// The same as far as it can be done; nothing but system calls, so also in a signal's handler.
void tryToRestore(const Credentials& own) noexcept;

// The same for all threads of the process at once, by the C library.
int restoreAllThreads(const Credentials& own) noexcept;

}  // namespace framepipe::posix
