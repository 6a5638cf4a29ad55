"""Starts a zygote: `PYTHON .../fastest/__main__.py [--no-cache]` with the agent's socket as fd 3, the life pipe as fd 4.

The process is made to look as `python -m pytest` left it: sys.path[0], sys.argv[0] and __main__'s spec. Everything of
ours, and pytest beneath it, is imported while our folder is on sys.path; it is off again before anything of the
user's is loaded.
"""

import gc
import os
import sys


def _import_ourselves():
    here = os.path.dirname(os.path.abspath(__file__))
    script_dir_first = bool(sys.path) and os.path.abspath(sys.path[0]) == here
    sys.path.insert(0, os.path.dirname(here))
    gc.disable()  # Imports make no garbage worth the looks that would be had for it.
    try:
        if "--no-cache" not in sys.argv[1:]:
            _use_bytecode_cache()
        from fastest import start
    finally:
        gc.enable()
        gc.freeze()  # What there is now stays: later looks, and those in forks, pass it by.
        del sys.path[0]
    if script_dir_first:
        sys.path[0] = os.getcwd()
    return start


def _use_bytecode_cache():
    # What it needs is imported under the user's own setting; its own bytecode goes beside it, as Python would have it.
    import hashlib, importlib.util, warnings  # noqa: E401, F401

    wish, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        from fastest import bytecode
    finally:
        sys.dont_write_bytecode = wish
    bytecode.install()


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit(f"fastest needs Python 3.9 or later; {sys.executable} is {sys.version.split()[0]}")
    _import_ourselves().main()
