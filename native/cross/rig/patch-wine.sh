#!/usr/bin/env bash
# patch-wine.sh SOURCE TREE : builds the three parts of Wine that decide about pipes (wineserver, kernelbase.dll,
# ntdll.so) from Debian's source package in folder SOURCE with wine-pipe-security.patch, and puts them into TREE.
# Everything else in TREE stays Debian's own binary. About a minute.
set -euo pipefail
source=$1 tree=$2 here=$(dirname "$(readlink -f "$0")")

cd "$source"
rm -rf wine build
dpkg-source -x wine_*.dsc wine >/dev/null 2>&1
cd wine
patch -p1 -s <"$here/wine-pipe-security.patch"
cp /usr/share/misc/config.guess /usr/share/misc/config.sub tools/
perl tools/make_requests >/dev/null
perl tools/make_specfiles >/dev/null
autoreconf -f

# Files that Debian's rules generate. The three parts need none of them; configure only has to find the names.
for file in dlls/comctl32/idi_{dragarrow,tt_error_md,tt_error_sm,tt_info_md,tt_info_sm,tt_warn_md,tt_warn_sm}.svg \
  dlls/comdlg32/{cdrom,floppy,folder,folder2,hdisk,network}.svg dlls/display.drv16/oic_{hand,note,bang}.svg \
  dlls/dwrite/{bracket,direction,linebreak,mirror,scripts}.c dlls/dwrite/shapers/arabic_table.c \
  dlls/gdi32/uniscribe/{bracket,direction,indicsyllable,linebreak,mirror,shaping}.c \
  dlls/opengl32/{thunks,unix_thunks}.c dlls/tzres/tzres.rc dlls/win32u/vertical.c \
  dlls/wineps.drv/{direction,vertical}.c dlls/winevulkan/{loader_thunks,vulkan_thunks}.c \
  include/wine/{vulkan,wgl,wgl_driver}.h programs/regedit/{bin,computer,folder,folderopen,string}.svg \
  programs/taskmgr/{window,windowsm,drive}.svg; do
  mkdir -p "$(dirname "$file")"
  [ -e "$file" ] || touch "$file"
done
for file in $(grep -oE '[a-z0-9_]+\.nls' nls/Makefile.in | sort -u); do
  [ -e "nls/$file" ] || cp "$tree/usr/share/wine/nls/$file" nls/ 2>/dev/null || touch "nls/$file"
done
printf 'HKLM\n{\n}\n' >dlls/kernelbase/kernelbase.rgs
printf '#define wine_build "wine with pipe security"\n' >dlls/ntdll/unix/version.h

mkdir -p ../build/include/wine
cp include/wine/server_tmpdir.h ../build/include/wine/
cd ../build
without=()
for feature in x freetype alsa capi cups dbus ffmpeg fontconfig gettext gnutls gphoto gstreamer inotify krb5 netapi opencl \
  opengl osmesa oss pcap pcsclite pulse sane sdl udev usb v4l2 vulkan wayland; do
  without+=("--without-$feature")
done
# Debian's folders: ntdll.so finds everything else from there.
../wine/configure -q --enable-win64 --disable-tests --bindir=/usr/lib/wine --libdir=/usr/lib/x86_64-linux-gnu/wine \
  --datarootdir=/usr/share/wine "${without[@]}"
make -s -j"$(nproc)" server/wineserver dlls/kernelbase/x86_64-windows/kernelbase.dll dlls/ntdll/ntdll.so

kernelbase=$tree/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/kernelbase.dll
ntdll=$tree/usr/lib/x86_64-linux-gnu/wine/x86_64-unix/ntdll.so
install -m 644 dlls/ntdll/ntdll.so "$ntdll"
strip "$ntdll"
install server/wineserver "$tree/usr/lib/wine/wineserver64"
strip "$tree/usr/lib/wine/wineserver64"
install -m 644 dlls/kernelbase/x86_64-windows/kernelbase.dll "$kernelbase"
x86_64-w64-mingw32-strip --strip-debug "$kernelbase"
