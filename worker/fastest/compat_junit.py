"""compat.py's part about --junitxml: the coordinator writes the file, but fixtures talk to pytest's own object."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

import pytest
from _pytest.junitxml import LogXML, xml_key


def leave_to_coordinator(config: pytest.Config) -> None:
    """Has pytest's own plugin write only another file than --junitxml's: one that a conftest names before the plugin looks."""
    given = config.getoption("xmlpath", None)
    for impl in config.pluginmanager.hook.pytest_configure.get_hookimpls():
        if impl.plugin_name == "junitxml":
            impl.function = functools.partial(_configure, impl.function, given)


def _configure(theirs: Callable[[pytest.Config], None], given: str | None, config: pytest.Config) -> None:
    if config.option.xmlpath != given:
        theirs(config)


def own_reports(config: pytest.Config) -> list[object]:
    """pytest's own plugin where it writes a file."""
    return [plugin for plugin in config.pluginmanager.get_plugins() if type(plugin) is LogXML]


def add_suite_properties(config: pytest.Config, properties: list[list[str]]) -> None:
    """What a worker's tests have recorded, to the file that pytest's own plugin writes."""
    for plugin in own_reports(config):
        plugin.global_properties += map(tuple, properties)


class JUnitWords:
    """A plugin: keeps what record_testsuite_property and record_xml_attribute say (xdist's workers have nobody who does), and
    has these fixtures warn as pytest's own object would."""

    def __init__(self, config: pytest.Config) -> None:
        is_there = config.pluginmanager.hasplugin("junitxml")  # Its ini options, too.
        self._xml = LogXML(os.devnull, None, family=config.getini("junit_family") if is_there else "xunit2")

    def recorded(self) -> dict[str, object]:
        """Their part of BYE."""
        attributes = {str(reporter.id): reporter.attrs for reporter in self._xml.node_reporters_ordered if reporter.attrs}
        return {"suite_properties": self._xml.global_properties, "case_attributes": attributes}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if config.getoption("xmlpath", None) and not own_reports(config):
            config.stash[xml_key] = self._xml

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        config.stash[xml_key] = None  # It was never a plugin that could be taken away.
