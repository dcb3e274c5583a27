#!/usr/bin/env bash
# Stands in for node-gyp when prebuildify builds for Windows (see prebuild.sh): leaves build/Release/framepipe.node in
# the current folder, which is build-win32-x64/.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
out=$PWD

cd "$root"
make -s -f native/cross/Makefile -j"$(nproc)" UV_INCLUDE="$(native/cross/headers.sh)" OUT="${out#"$root"/}"
mkdir -p "$out/build/Release"
cp "$out/framepipe.node" "$out/build/Release/framepipe.node" # prebuildify moves it away
