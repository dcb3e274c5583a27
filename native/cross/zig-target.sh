#!/usr/bin/env bash
# Stands in for node-gyp when prebuild.sh builds for FRAMEPIPE_TARGET with zig: leaves build/Release/framepipe.node in the
# current folder, which is build-<target>/.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
out=$PWD

cd "$root"
zig=$(native/cross/zig.sh)
# What zig has compiled of the C libraries is kept, for all clones.
export ZIG_GLOBAL_CACHE_DIR=$(dirname "$zig")/cache ZIG_LOCAL_CACHE_DIR=$(dirname "$zig")/cache
make -s -f native/cross/zig.mk -j"$(nproc)" TARGET="$FRAMEPIPE_TARGET" OUT="${out#"$root"/}" ZIG="$zig" \
  UV_INCLUDE="$(native/cross/headers.sh)"
mkdir -p "$out/build/Release"
cp "$out/framepipe.node" "$out/build/Release/framepipe.node" # prebuildify moves it away
