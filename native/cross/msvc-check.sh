#!/usr/bin/env bash
# msvc-check.sh [FILE...] : would Microsoft's compiler take these sources (default: all of the Windows addon)?
# Compiles them with clang in MSVC's mode (x64), against LLVM's C++ library instead of GNU's, without making anything.
# Finds GNU extensions, headers that only GNU's library drags in, and what is under #ifdef _MSC_VER.
# Misses Microsoft's own warnings and library. Says one line a file that fails, and how many passed.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit
"$here/packages.sh" clang-14 g++-mingw-w64-x86-64-posix || exit
rig=$("$here/rig/setup.sh") || exit
uv=$("$here/headers.sh") || exit
read -ra flags < <(node native/flags.js std warnings -Dnapi -Dwin32)
[ $# -gt 0 ] || mapfile -t sources < <(node native/sources.js win32)
[ $# -eq 0 ] || sources=("$@")

check() {
  clang++-14 --target=x86_64-pc-windows-msvc -fms-compatibility-version=19.29 -fgnuc-version=12.2.0 -fsyntax-only "${flags[@]}" \
    -nostdinc++ -fexceptions -fcxx-exceptions -include "$here/msvc-shim.h" \
    -D_LIBCPP_NO_VCRUNTIME -DHOST_BINARY='"node.exe"' -DBUILDING_NODE_EXTENSION -DNODE_GYP_MODULE_NAME=framepipe \
    -Inative -isystem "$rig/libcxx/usr/lib/llvm-14/include/c++/v1" -isystem /usr/x86_64-w64-mingw32/include \
    -isystem node_modules/node-api-headers/include -isystem node_modules/node-addon-api -isystem "$uv" \
    -Wgnu -Wmicrosoft -Wno-language-extension-token -Werror "$1"
}
# What clang knows as well but MSVC does not.
foreign() { ! grep -nE '__attribute__|__builtin_|__int128|\bssize_t\b|__extension__|#include_next' "$1" /dev/null; }

passed=0 failed=0
for source in "${sources[@]}"; do
  if check "$source" && foreign "$source"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL $source"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
