"""Starts a zygote: `PYTHON .../fastest/__main__.py [--no-cache]` with the agent's socket as fd 3, the life pipe as fd 4.
With `--warm PLACE` at the end: a warm process, whose forks become zygotes; fd 3 is its first client then.

The process is made to look as `python -m pytest` left it: sys.path[0], sys.argv[0] and __main__'s spec. Everything of
ours, and pytest beneath it, is imported while our folder is on sys.path; it is off again before anything of the
user's is loaded.
"""

import gc
import os
import sys


def _import_ourselves(is_warm):
    here = os.path.dirname(os.path.abspath(__file__))
    script_dir_first = bool(sys.path) and os.path.abspath(sys.path[0]) == here
    sys.path.insert(0, os.path.dirname(here))
    gc.disable()  # Imports make no garbage worth the looks that would be had for it.
    try:
        if "--no-cache" not in sys.argv[1:]:
            _use_bytecode_cache()
        from fastest import start

        warm = None
        if is_warm:
            from fastest import warm
    finally:
        gc.enable()
        gc.freeze()  # What there is now stays: later looks, and those in forks, pass it by.
        del sys.path[0]
    if script_dir_first:
        sys.path[0] = os.getcwd()
    return start, warm


def _use_bytecode_cache():
    # What it needs is imported under the user's own setting; its own bytecode goes beside it, as Python would have it.
    import hashlib, importlib.util, warnings  # noqa: E401, F401

    wish, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        from fastest import bytecode
    finally:
        sys.dont_write_bytecode = wish
    bytecode.install()


def _close_inherited(first):
    """What the first run was started with is not for those after it."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) >= first:
            try:
                os.close(int(name))
            except OSError:
                pass  # It was the listing's own.


def _main():
    place = sys.argv[-1] if sys.argv[-2:-1] == ["--warm"] else ""
    began = 0.0
    if place:
        import time

        began = time.time()
        _close_inherited(4)
    return (*_import_ourselves(bool(place)), place, began)


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit(f"fastest needs Python 3.9 or later; {sys.executable} is {sys.version.split()[0]}")
    _start, _warm, _place, _began = _main()
    # Comes back in a run's zygote, or in a fork that parses for later ones.
    _start.main(_warm.serve(_place, _began) if _place else None)
