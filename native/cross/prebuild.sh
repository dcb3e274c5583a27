#!/usr/bin/env bash
# Builds prebuilds/win32-x64/framepipe.node on Linux, with MinGW.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
cd "$root"
native/cross/packages.sh g++-mingw-w64-x86-64-posix make

# A folder of its own: build/Release belongs to Linux, and both results are wanted at the same time.
mkdir -p build-windows
exec 9>build-windows/lock
flock 9
node_modules/.bin/prebuildify --napi --name framepipe --target 22.0.0 --platform win32 --arch x64 \
  --strip --strip-bin x86_64-w64-mingw32-strip --node-gyp "$root/native/cross/win32-x64.sh" --cwd build-windows --out .
