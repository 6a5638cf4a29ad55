#!/bin/sh
# Installs fastest with the shared libraries that it needs, so that PREFIX runs wherever the C library is this machine's or a later
# one: in the user's image, say (deploy/Dockerfile).
#   deploy/install_portable.sh PREFIX [BUILD_FOLDER]      after ./dev build
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
prefix=${1:?usage: deploy/install_portable.sh PREFIX [BUILD_FOLDER]}
build=${2:-$root/build}
libraries=$prefix/lib/fastest/libraries
# DT_RPATH, not DT_RUNPATH: what the libraries need themselves is looked for there, too.
# shellcheck disable=SC2016  # $ORIGIN is the loader's
cmake -S "$root" -B "$build" -D 'CMAKE_INSTALL_RPATH=$ORIGIN/../lib/fastest/libraries' -D CMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
cmake --build "$build" --target fastest
cmake --install "$build" --prefix "$prefix" --strip
mkdir -p "$libraries"
# All but the C library's own.
ldd "$prefix/bin/fastest" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
  grep -Ev '/(libc|libm|libdl|libpthread|librt|libresolv|ld-linux[^/]*)\.so' | xargs -I '{}' cp -L '{}' "$libraries/"
"$prefix/bin/fastest" --version
