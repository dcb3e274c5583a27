#include "posix/admission.h"

#include <unistd.h>

#include <algorithm>

#include "posix/peer_credentials.h"
#include "posix/unnamed_ids.h"

namespace framepipe::posix {

namespace {

bool contains(const std::vector<int64_t>& ids, int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool isOurs(int64_t uid) {
  return uid == 0 || uid == static_cast<int64_t>(::geteuid());
}

}  // namespace

Admission::Admission(const Access& access) {
  for (const Principal& principal : access.allow) {
    if (principal.kind == Principal::Kind::Authenticated || principal.kind == Principal::Kind::Everyone)
      everyone_ = true;
    if (principal.kind == Principal::Kind::Uid && !isOurs(principal.id)) users_.push_back(principal.id);
    if (principal.kind == Principal::Kind::Gid && !contains(groups_, principal.id)) groups_.push_back(principal.id);
  }
}

FileAccess Admission::ofFile() const {
  if (everyone_ || !users_.empty() || groups_.size() > 1) return {.mode = 0666};
  if (groups_.empty()) return {.mode = 0600};
  return {.mode = 0660, .group = static_cast<gid_t>(groups_.front())};
}

bool Admission::admits(const Peer& peer, int socket) const {
  if (everyone_) return true;
  // With our number, somebody without a name can be told from us by the kernel alone: by a mode that lets in nobody else.
  const bool by_mode = users_.empty() && groups_.empty();
  if ((by_mode || !isUnnamed(peer.uid)) && (isOurs(peer.uid) || contains(users_, peer.uid))) return true;
  if (groups_.empty()) return false;
  std::vector<gid_t> of_peer;
  if (peerGroups(socket, of_peer)) of_peer.clear();
  of_peer.push_back(static_cast<gid_t>(peer.gid));
  return std::any_of(of_peer.begin(), of_peer.end(),
                     [this](gid_t group) { return contains(groups_, group) && !isUnnamed(group); });
}

}  // namespace framepipe::posix
