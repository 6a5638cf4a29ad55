"""Starts a zygote: `PYTHON .../fastest/__main__.py` with the agent's socket as fd 3 and the life pipe as fd 4.

The process is made to look as `python -m pytest` left it: sys.path[0], sys.argv[0] and __main__'s spec. Everything of
ours is imported while our folder is on sys.path, and the folder is taken off again before pytest is loaded.
"""

import os
import sys


def _import_ourselves():
    here = os.path.dirname(os.path.abspath(__file__))
    script_dir_first = bool(sys.path) and os.path.abspath(sys.path[0]) == here
    sys.path.insert(0, os.path.dirname(here))
    try:
        from fastest import start
    finally:
        del sys.path[0]
    if script_dir_first:
        sys.path[0] = os.getcwd()
    return start


if __name__ == "__main__":
    _import_ourselves().main()
