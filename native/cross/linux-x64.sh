#!/usr/bin/env bash
# Stands in for node-gyp when prebuild.sh packs what `npm run build` has built for Linux.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
mkdir -p build/Release
cp "$root/build/Release/framepipe.node" build/Release/
