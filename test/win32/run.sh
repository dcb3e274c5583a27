#!/usr/bin/env bash
# run.sh [NAME...] : the Windows loop without Node: all tests of test/loops and test/win32, or those whose name contains a
# NAME. On Linux it builds them, and Wine runs them; Windows runs what was built there.
# The last line is "N passed, M failed", and ", K skipped" if any.
set -uo pipefail
unset TMPDIR # Wine ends with it
cd "$(dirname "$(readlink -f "$0")")/../.." || exit
wine=()
if [ "$(uname -s)" = Linux ]; then
  native/cross/packages.sh g++-mingw-w64-x86-64-posix make || exit
  rig=$(native/cross/rig/setup.sh) || exit
  make -s -f test/win32/Makefile -j"$(nproc)" || exit
  export WINEPREFIX=$rig/prefix WINEDEBUG=${WINEDEBUG--all}
  wine=("$rig/wine/bin/wine")
fi

passed=0 failed=0 skipped=0
for source in test/loops/*_test.cc test/win32/*_test.cc; do
  program=build-native/win32/${source%.cc}.exe
  output=$(timeout -k 2 "${FRAMEPIPE_TEST_SECONDS:-180}" "${wine[@]}" "$program" "$@" </dev/null 2>&1)
  code=$?
  output=${output//$'\r'/}
  if [[ ${output##*$'\n'} =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    [ -n "${BASH_REMATCH[1]#0}${BASH_REMATCH[2]#0}${BASH_REMATCH[4]-}" ] && echo "${output%$'\n'*}"
  else
    failed=$((failed + 1))
    echo "$output"
    echo "FAIL $program ended with code $code"
  fi
done
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
