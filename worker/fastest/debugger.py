"""Without the user's terminal a breakpoint fails its test instead of hanging."""

from __future__ import annotations

import pytest

from fastest import compat

_MESSAGE = "breakpoint() needs the terminal: rerun with --pdb"


def prepare(config: pytest.Config, attached: bool) -> None:
    if not attached:
        config.add_cleanup(compat.replace_debugger(_refuse))


def _refuse(*_args: object, **_kwargs: object) -> None:
    __tracebackhide__ = True
    pytest.fail(_MESSAGE)
