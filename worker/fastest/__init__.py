"""The Python side of fastest: hosts the user's own pytest at the end of the worker wire (docs/protocol.md).

A conftest may `import fastest` for `fastest.shared` (shared_fixture.py): the rest is imported when it is asked for. As a plugin, `pytest -p fastest -n auto`, it hands the run to the program `fastest` (handover.py). PYTEST_DONT_REWRITE
"""

import os
import sys

# Where a wheel has put this file alone, the rest is beside the program: PREFIX/lib/fastest/worker/fastest.
_beside = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "fastest", "worker", "fastest")
if os.path.isdir(_beside):
    __path__.append(os.path.normpath(_beside))


def __getattr__(name):
    if name != "shared":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fastest.shared_fixture import shared

    return shared


def pytest_addhooks(pluginmanager):
    if "fastest.start" not in sys.modules:  # In our own processes, whose options name this plugin, too, it does nothing.
        from fastest import handover

        handover.register(pluginmanager)
