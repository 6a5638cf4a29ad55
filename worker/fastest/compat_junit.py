"""compat.py's part about --junitxml: the coordinator writes the file, but fixtures talk to pytest's own object."""

from __future__ import annotations

import os

import pytest
from _pytest.junitxml import LogXML, xml_key


class SuiteProperties:
    """A plugin of a single worker (xdist's workers have no such object): keeps what record_testsuite_property says."""

    def __init__(self, config: pytest.Config) -> None:
        self._xml = LogXML(os.devnull, None, family=config.getini("junit_family"))
        self._wanted = bool(config.getoption("xmlpath", None))  # Before it is taken away.

    @property
    def recorded(self) -> list[tuple[str, str]]:
        return self._xml.global_properties

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._wanted:
            config.stash[xml_key] = self._xml

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        config.stash[xml_key] = None  # It was never a plugin that could be taken away.
