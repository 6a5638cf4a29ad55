"""In a warm process that parses for the runs of one command line: where it stops, and where each run goes on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fastest import compat_warm, process, sharing

if TYPE_CHECKING:
    from fastest.warm import WarmProcess
    from fastest.zygote import Zygote


class ParsingAhead:
    """A plugin. Plugins are loaded and options are declared; the conftests are next, which each run loads for itself."""

    def __init__(self, warm: WarmProcess, zygote: Zygote) -> None:
        self._warm, self._zygote = warm, zygote

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> object:
        if not compat_warm.comes_first(early_config, self):
            os._exit(0)
        self._warm.serve_parsed()
        # This is a run's zygote.
        frames, setup, life_pipe = process.meet_agent()
        sharing.heed(setup)
        self._zygote.meet(frames, setup, life_pipe)
        yield
