#!/usr/bin/env bash
# Prints the folder of uv.h, which comes with Node's headers: those of this machine's Node, or those that node-gyp
# downloads.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
for folder in "${npm_config_nodedir:-$(npm config get nodedir 2>/dev/null)}" "$(dirname "$(dirname "$(node -p process.execPath)")")"; do
  if [ -e "$folder/include/node/uv.h" ]; then
    echo "$folder/include/node"
    exit
  fi
done
downloads=${XDG_CACHE_HOME:-$HOME/.cache}/framepipe/node-headers
version=$(node -p process.versions.node)
[ -e "$downloads/$version/include/node/uv.h" ] || node_modules/.bin/node-gyp install --devdir "$downloads" >&2
echo "$downloads/$version/include/node"
