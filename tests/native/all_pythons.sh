#!/bin/sh
# Holds the extension against the difflib of every Python that pyenv has (or that is named), 3.9 and later.
#
#   tests/native/all_pythons.sh [CASES [PYTHON...]]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cases=${1:-3000}
[ $# = 0 ] || shift
[ $# != 0 ] || set -- "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python
failed=0 compared=0
for python in "$@"; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' || continue
  "$python" "$here/fuzz_diffs.py" --cases "$cases" || failed=1
  compared=$((compared + 1))
done
[ "$compared" != 0 ] || { echo "no Python of 3.9 or later" >&2; exit 1; }
exit $failed
