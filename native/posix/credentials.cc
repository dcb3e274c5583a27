#include "posix/credentials.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "impersonation/fail_fast.h"

namespace framepipe::posix {

namespace {

// On the oldest architectures the plain names are calls for 16-bit ids.
#ifdef SYS_setresuid32
constexpr long kGetUids = SYS_getresuid32, kSetUids = SYS_setresuid32, kSetFsUid = SYS_setfsuid32;
constexpr long kGetGids = SYS_getresgid32, kSetGids = SYS_setresgid32, kSetFsGid = SYS_setfsgid32;
constexpr long kGetGroups = SYS_getgroups32, kSetGroups = SYS_setgroups32;
#else
constexpr long kGetUids = SYS_getresuid, kSetUids = SYS_setresuid, kSetFsUid = SYS_setfsuid;
constexpr long kGetGids = SYS_getresgid, kSetGids = SYS_setresgid, kSetFsGid = SYS_setfsgid;
constexpr long kGetGroups = SYS_getgroups, kSetGroups = SYS_setgroups;
#endif

constexpr uint32_t kUnchanged = ~0u;

template <class... Arguments>
int call(long number, Arguments... arguments) {
  return syscall(number, arguments...) < 0 ? errno : 0;
}

int setIds(long number, const Credentials::Ids& ids) {
  return call(number, ids.real, ids.effective, ids.saved);
}

int getIds(long number, Credentials::Ids& ids) {
  return call(number, &ids.real, &ids.effective, &ids.saved);
}

int setGroups(const std::vector<gid_t>& groups) {
  return call(kSetGroups, groups.size(), groups.data());
}

int getGroups(std::vector<gid_t>& groups) {
  for (;;) {
    const long size = syscall(kGetGroups, 0, nullptr);
    if (size < 0) return errno;
    groups.resize(static_cast<size_t>(size));
    const long got = syscall(kGetGroups, size, groups.data());
    if (got >= 0) {
      groups.resize(static_cast<size_t>(got));
      return 0;
    }
    if (errno != EINVAL) return errno;  // else there are more by now
  }
}

struct CapabilityCall {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct words[2]{};
};

int getCapabilities(Credentials::Capabilities& into) {
  CapabilityCall data;
  if (const int error = call(SYS_capget, &data.header, data.words)) return error;
  for (size_t i = 0; i < 2; ++i) {
    into.effective[i] = data.words[i].effective;
    into.permitted[i] = data.words[i].permitted;
    into.inheritable[i] = data.words[i].inheritable;
  }
  return 0;
}

int setCapabilities(const Credentials::Capabilities& from) {
  CapabilityCall data;
  for (size_t i = 0; i < 2; ++i) data.words[i] = {from.effective[i], from.permitted[i], from.inheritable[i]};
  return call(SYS_capset, &data.header, data.words);
}

// With root's id the kernel takes root's capabilities away; not those that a server holds without being root, nor those
// that a client who is root lacks.
int keepCapabilities(const CapabilitySet& kept) {
  Credentials::Capabilities capabilities;
  if (const int error = getCapabilities(capabilities)) return error;
  if (capabilities.effective == kept) return 0;
  capabilities.effective = kept;
  return setCapabilities(capabilities);
}

CapabilitySet inBoth(const CapabilitySet& one, const CapabilitySet& other) {
  return {one[0] & other[0], one[1] & other[1]};
}

// The effective id may leave, and can come back, only if it is also the real or the saved one.
Credentials::Ids leaving(const Credentials::Ids& own, uint32_t effective) {
  const bool kept = own.effective == own.real || own.effective == own.saved;
  return {kUnchanged, effective, kept ? kUnchanged : own.effective};
}

std::vector<gid_t> allGroups(gid_t gid, std::vector<gid_t> groups) {
  groups.push_back(gid);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

bool hasIds(const Credentials& credentials, const Subject& subject) {
  return credentials.users.effective == subject.uid && credentials.group_ids.effective == subject.gid &&
         allGroups(subject.gid, credentials.groups) == allGroups(subject.gid, subject.groups);
}

int change(const Credentials& own, const Subject& subject) {
  // A server without the right to change them may still have capabilities that its own user's clients have not.
  if (!hasIds(own, subject)) {
    if (const int error = setGroups(subject.groups)) return error;
    if (const int error = setIds(kSetGids, leaving(own.group_ids, subject.gid))) return error;
    if (const int error = setIds(kSetUids, leaving(own.users, subject.uid))) return error;
  }
  const CapabilitySet kept = inBoth(own.capabilities.effective, subject.capabilities);
  if (const int error = keepCapabilities(kept)) return error;
  // Some sandboxes let these calls succeed and do nothing.
  Credentials now;
  if (const int error = readCredentials(now)) return error;
  if (!hasIds(now, subject) || now.capabilities.effective != kept) return EPERM;
  // An impossible id changes nothing and makes the call tell.
  const bool files = syscall(kSetFsUid, kUnchanged) == static_cast<long>(subject.uid) &&
                     syscall(kSetFsGid, kUnchanged) == static_cast<long>(subject.gid);
  return files ? 0 : EPERM;
}

}  // namespace

int readCredentials(Credentials& into) noexcept {
  if (const int error = getIds(kGetUids, into.users)) return error;
  if (const int error = getIds(kGetGids, into.group_ids)) return error;
  if (const int error = getGroups(into.groups)) return error;
  return getCapabilities(into.capabilities);
}

bool actsAs(const Credentials& credentials, const Subject& subject) noexcept {
  const CapabilitySet& effective = credentials.capabilities.effective;
  return hasIds(credentials, subject) && inBoth(effective, subject.capabilities) == effective;
}

int become(const Credentials& own, const Subject& subject) noexcept {
  const int error = change(own, subject);
  if (error) restore(own);
  return error;
}

void tryToRestore(const Credentials& own) noexcept {
  // Capabilities first, for the groups take one to be set; and last, for a change to root's id fills them up.
  setCapabilities(own.capabilities);
  setIds(kSetUids, own.users);
  setIds(kSetGids, own.group_ids);
  setGroups(own.groups);
  setCapabilities(own.capabilities);
}

void restore(const Credentials& own) noexcept {
  tryToRestore(own);
  Credentials now;
  if (readCredentials(now) || now != own) failFast("a thread cannot become itself again after acting as a client");
}

int restoreAllThreads(const Credentials& own) noexcept {
  if (setresuid(own.users.real, own.users.effective, own.users.saved)) return errno;
  if (setresgid(own.group_ids.real, own.group_ids.effective, own.group_ids.saved)) return errno;
  if (setgroups(own.groups.size(), own.groups.data())) return errno;
  return 0;
}

}  // namespace framepipe::posix
