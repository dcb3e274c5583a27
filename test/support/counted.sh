#!/bin/sh
# counted.sh OUT NODE CHILD SERVER TRIPS: runs counted-child.js, server and client, in Windows' Node, with each call of the
# server into ntdll logged to OUT, and the client's exit code in OUT.code. Paths are Windows paths on Z:.
# The list of calls that Wine logs is in the registry: so this has a registry, and thereby a Wine server, of its own.
unix() { printf %s "${1#?:}" | tr '\\' /; }
out=$(unix "$1") node=$(unix "$2") child=$(unix "$3") server=$4 trips=$5
rig=${node%/node/*}
wine=$rig/wine/bin/wine
unset WINESERVERSOCKET
WINEPREFIX=$(mktemp -d)
export WINEPREFIX WINEDEBUG=-all
finish() {
  "$rig/wine/bin/wineserver" -k
  rm -rf "$WINEPREFIX"
  echo "$1" >"$out.code.new"
  mv "$out.code.new" "$out.code"
}

cp -R -P "$rig"/prefix/*.reg "$rig/prefix/.update-timestamp" "$rig/prefix/dosdevices" "$WINEPREFIX"
ln -s "$rig/prefix/drive_c" "$WINEPREFIX/drive_c"
ntdll=$rig/wine/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/ntdll.dll
calls=$(grep -aoE 'Nt[A-Z][A-Za-z0-9]+' "$ntdll" | sort -u | sed 's/^/ntdll./' | tr '\n' ';')
sed -i "s/^\"RelayInclude\"=.*/\"RelayInclude\"=\"$calls\"/" "$WINEPREFIX/user.reg"

"$wine" cmd /c exit </dev/null >/dev/null 2>&1 # Wine's own services start
name="\\\\.\\pipe\\framepipe-counted-$$"
WINEDEBUG=+relay "$wine" "$node" "$child" "$server" "$name" </dev/null >/dev/null 2>"$out" &
timeout 30 "$wine" "$node" "$child" client "$name" "$trips" </dev/null >"$out.client" 2>&1
finish $?
