#!/usr/bin/env bash
# wine-tests.sh SOURCE FOLDER : builds Wine's own tests of pipes, kernel32's and ntdll's, from Wine's source into FOLDER,
# each a program with the source that it was made of beside it. What they expect holds on Windows: its makers run them there.
set -euo pipefail
source=$1 folder=$2 here=$(dirname "$(readlink -f "$0")")

mkdir -p "$folder"
# Wine's own headers, and its way to print what Windows' printf does not know.
flags=(-O1 -w -D__WINESRC__ -D__WINE_PE_BUILD -D_MSVCR_VER=0 -isystem "$source/include/msvcrt" -isystem "$source/include")
for dll in kernel32 ntdll; do
  cp "$source/dlls/$dll/tests/pipe.c" "$folder/$dll.c"
  x86_64-w64-mingw32-gcc-posix "${flags[@]}" -s -o "$folder/$dll.exe" \
    "$source/dlls/$dll/tests/pipe.c" "$here/wine-tests.c" "$source/dlls/winecrt0/debug.c" -ladvapi32 -lntdll -luser32
done
