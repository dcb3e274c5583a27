#!/usr/bin/env bash
# compare.sh [TARGET]... : builds prebuilds again from a clean clone of the last commit, in another folder, and fails
# unless they are the same as those of prebuilds/, byte by byte. Without targets: all six.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
cd "$root"
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet . "$clone/framepipe"
cd "$clone/framepipe"
npm ci --silent
native/cross/prebuild.sh "${@:-all}"

different=0
while IFS= read -r file; do
  if cmp "$file" "$root/$file"; then echo "same  $file"; else different=1; fi
done < <(find prebuilds -name '*.node' | sort)
exit $different
