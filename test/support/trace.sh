#!/bin/sh
# trace.sh OUT NODE SCRIPT... : runs a script in Windows' Node with every pipe call that reaches Windows logged to OUT
# (by Wine: see native/cross/rig/setup.sh for the list), and its exit code in OUT.code. Paths are Windows paths on Z:.
out=$(printf %s "${1#?:}" | tr '\\' /)
node=$(printf %s "${2#?:}" | tr '\\' /)
shift 2
wine=${node%/node/*}/wine/bin/wine
WINEDEBUG=+relay "$wine" "$node" "$@" >"$out.stdout" 2>"$out" </dev/null
echo $? >"$out.code.new"
mv "$out.code.new" "$out.code"
