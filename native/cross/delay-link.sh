#!/usr/bin/env bash
# delay-link.sh ZIG TRIPLE OUTPUT RESOURCE INPUT... : links a DLL that imports from NODE.EXE late. zig refuses the option
# for that, and resources; so this asks it what it would tell its linker, and tells it that and more.
set -euo pipefail
zig=$1 triple=$2 output=$3 resource=$4
shift 4
line=$("$zig" c++ -target "$triple" -O2 -s -shared -o "$output" "$@" --verbose 2>&1 | grep -m1 '^lld-link ')
read -ra arguments <<<"${line#lld-link }"
# The time of linking is left out, so that the same sources give the same bytes.
"$zig" lld-link "${arguments[@]}" -delayload:NODE.EXE -timestamp:0 -def:native/cross/exports.def "$resource"
