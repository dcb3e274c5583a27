#!/usr/bin/env bash
# prebuild.sh [windows|linux] : puts the addon where npm's users get it.
#   windows (default)   prebuilds/win32-x64/framepipe.node, built here with MinGW
#   linux               prebuilds/linux-x64/framepipe.glibc.node, from build/Release
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
cd "$root"

case ${1-windows} in
  windows)
    native/cross/packages.sh g++-mingw-w64-x86-64-posix make
    target=win32-x64
    options=(--target 22.0.0 --platform win32 --arch x64)
    ;;
  linux)
    target=linux-x64
    options=(--tag-libc --strip)
    ;;
  *)
    echo "usage: prebuild.sh [windows|linux]" >&2
    exit 2
    ;;
esac

# prebuildify moves the addon away from <cwd>/build/Release. In a folder of its own, Linux's build/ keeps what it has.
folder=build-$target
mkdir -p "$folder"
exec 9>"$folder/lock" # one at a time
flock 9
node_modules/.bin/prebuildify --napi --name framepipe "${options[@]}" \
  --node-gyp "$root/native/cross/$target.sh" --cwd "$folder" --out .
