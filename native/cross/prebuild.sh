#!/usr/bin/env bash
# prebuild.sh [TARGET]... : puts addons where npm's users get them, built here for other systems.
#   windows (default)   prebuilds/win32-x64/framepipe.node, with MinGW
#   all                 the six binaries of the npm package, checked
#   NAME                one of them: win32-x64, win32-arm64, linux-x64, linux-arm64, linux-x64-musl, linux-arm64-musl
#   linux               prebuilds/linux-x64/framepipe.glibc.node from build/Release: for this machine, not for npm
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
cd "$root"

# The target's name, then what stands in for node-gyp, then prebuildify's options. It moves the addon away from
# <cwd>/build/Release: in a folder of its own, Linux's build/ keeps what it has.
prebuild() {
  local target=$1 builder=$2 folder=build-$1
  shift 2
  mkdir -p "$folder"
  (
    exec 9>"$folder/lock" # one at a time
    flock 9
    FRAMEPIPE_TARGET=$target node_modules/.bin/prebuildify --napi --name framepipe "$@" \
      --node-gyp "$root/native/cross/$builder.sh" --cwd "$folder" --out .
  )
}

for_windows() { prebuild "$1" "$2" --target 22.0.0 --platform win32 --arch "$3"; }
for_linux() { PREBUILD_LIBC=$2 prebuild "$1" zig-target --target 22.0.0 --platform linux --arch "$3" --tag-libc; }

one() {
  case $1 in
    windows | win32-x64)
      native/cross/packages.sh g++-mingw-w64-x86-64-posix make
      for_windows win32-x64 win32-x64 x64
      ;;
    win32-arm64)
      native/cross/packages.sh binutils-mingw-w64-x86-64 make # for the version resource
      for_windows win32-arm64 zig-target arm64
      ;;
    linux-x64) for_linux linux-x64 glibc x64 ;;
    linux-arm64) for_linux linux-arm64 glibc arm64 ;;
    linux-x64-musl) for_linux linux-x64-musl musl x64 ;;
    linux-arm64-musl) for_linux linux-arm64-musl musl arm64 ;;
    linux) prebuild linux linux-x64 --tag-libc --strip ;;
    all)
      for target in linux-x64 linux-arm64 linux-x64-musl linux-arm64-musl win32-x64 win32-arm64; do
        echo "$target"
        one "$target"
      done
      node native/check-prebuilds.js
      ;;
    *)
      sed -n '2,6s/^# //p' "$0" >&2
      exit 2
      ;;
  esac
}

[ $# -gt 0 ] || set -- windows
for target; do one "$target"; done
