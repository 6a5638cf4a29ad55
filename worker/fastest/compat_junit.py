"""compat.py's part about --junitxml: the coordinator writes the file, but fixtures talk to pytest's own object."""

from __future__ import annotations

import os

import pytest
from _pytest.junitxml import LogXML, xml_key


class JUnitWords:
    """A plugin: keeps what record_testsuite_property and record_xml_attribute say (xdist's workers have nobody who does), and
    has these fixtures warn as pytest's own object would."""

    def __init__(self, config: pytest.Config) -> None:
        self._xml = LogXML(os.devnull, None, family=config.getini("junit_family"))
        self._wanted = bool(config.getoption("xmlpath", None))  # Before it is taken away.

    def recorded(self) -> dict[str, object]:
        """Their part of BYE."""
        attributes = {str(reporter.id): reporter.attrs for reporter in self._xml.node_reporters_ordered if reporter.attrs}
        return {"suite_properties": self._xml.global_properties, "case_attributes": attributes}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._wanted:
            config.stash[xml_key] = self._xml

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        config.stash[xml_key] = None  # It was never a plugin that could be taken away.
