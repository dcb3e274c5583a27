#!/bin/sh
# Builds the tests of every loop and those of native/posix with sanitizers, and runs them: needs g++ and libuv's headers.
#   test/posix/run.sh [part of a test's name]     SANITIZE=thread or SANITIZE= choose another check
set -e
cd "$(dirname "$0")/../.."
build=${BUILD:-build-posix}
sanitize=${SANITIZE-address,undefined}
mkdir -p "$build"
flags="$(node native/flags.js std warnings) -O1 -g -fno-omit-frame-pointer ${sanitize:+-fsanitize=$sanitize}"
# UBSan probes memory through a pipe, which fails in the test that has no descriptors left.
case $sanitize in *undefined*) flags="$flags -fno-sanitize=vptr" ;; esac
sources="native/binding/doorbell.cc $(find native/codec native/core native/impersonation native/posix test/posix test/loops -name '*.cc' ! -path '*/win32/*')"
{
  echo "flags = $flags"
  echo "all: $build/posix_test"
  objects=
  for source in $sources; do
    object="$build/$(echo "$source" | tr / _).o"
    objects="$objects $object"
    printf '%s: %s\n\tg++ $(flags) -Inative -Itest -MMD -MP -c $< -o $@\n' "$object" "$source"
  done
  printf '%s: %s\n\tg++ $(flags) $^ -luv -lpthread -o $@\n' "$build/posix_test" "$objects"
  printf -- '-include %s/*.d\n' "$build"
} > "$build/Makefile"
make -s -j2 -f "$build/Makefile" >&2
exec "$build/posix_test" "$@"
