#!/usr/bin/env bash
# packages.sh NAME... : make sure that these Debian packages are installed. Does nothing, at once, if they are.
# As root or with sudo it installs what is missing; otherwise it says what to install, and fails.
set -euo pipefail

missing=()
for name; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
  if ! sudo -n true 2>/dev/null; then
    echo "missing packages, and no root to install them. Run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "missing packages: ${missing[*]} (named as in Debian 12; this system has no apt-get to install them with)" >&2
  exit 1
fi

# One at a time: two runs of the tests may both find something missing.
exec 9>"${TMPDIR:-/tmp}/framepipe-packages-$(id -u).lock"
flock 9
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}
echo "installing ${missing[*]}" >&2
if ! { apt install --no-install-recommends "${missing[@]}" || { apt update && apt install --no-install-recommends "${missing[@]}"; }; }; then
  cat "$log" >&2
  echo "could not install: ${missing[*]}" >&2
  exit 1
fi
