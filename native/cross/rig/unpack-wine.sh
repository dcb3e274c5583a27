#!/usr/bin/env bash
# unpack-wine.sh DEBS TREE : makes the Debian packages of Wine and of its C library in folder DEBS runnable from folder
# TREE, without installing them and without a chroot.
set -euo pipefail
debs=$1 tree=$2
libraries=$tree/usr/lib/x86_64-linux-gnu

rm -rf "$tree"
mkdir -p "$tree/bin"
for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$tree"; done

# Wine is of a newer Debian than this machine may be: let it use its own C library, also for what it dlopen()s (DT_RPATH).
for program in wine64 wineserver64; do
  patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" "$tree/usr/lib/wine/$program"
  patchelf --force-rpath --set-rpath "$libraries" "$tree/usr/lib/wine/$program"
done
rm -f "$tree"/usr/lib/wine/wine64-preloader*

# Debian's own front ends name absolute paths under /usr.
cat >"$tree/usr/lib/wine/wineserver" <<'SCRIPT'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/wineserver64" "$@"
SCRIPT
cat >"$tree/bin/wine" <<'SCRIPT'
#!/bin/sh
tree=$(dirname "$(dirname "$(readlink -f "$0")")")
export WINELOADER=$tree/usr/lib/wine/wine64 WINESERVER=$tree/usr/lib/wine/wineserver
export WINEDEBUG=${WINEDEBUG--all} WINEDLLOVERRIDES="${WINEDLLOVERRIDES-mscoree=;mshtml=;winemenubuilder.exe=d}"
exec "$WINELOADER" "$@"
SCRIPT
chmod +x "$tree/usr/lib/wine/wineserver" "$tree/bin/wine"
ln -sf ../usr/lib/wine/wineserver "$tree/bin/wineserver"

# What the package's installation script does: zlib1.dll, stamped as one of Wine's own.
zlib=$tree/usr/x86_64-w64-mingw32/lib/zlib1.dll
{ head -c 64 "$zlib"; printf 'Wine builtin DLL'; head -c 16 /dev/zero; tail -c +97 "$zlib"; } >"$libraries/wine/x86_64-windows/zlib1.dll"

# wineserver looks for <tree>/usr/share/wine/wine/nls before it falls back to the system's /usr/share/wine/nls.
ln -sfn . "$tree/usr/share/wine/wine"
