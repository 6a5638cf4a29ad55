"""What an item keeps from being run, and is to forget before it runs again (compat.py has the other private names)."""

from __future__ import annotations

import sys

import pytest
from _pytest.fixtures import FixtureDef

from fastest import core_protocol


def forget_attempt(item: pytest.Item) -> None:
    """Captured text goes; a test method gets a new instance; a fixture of a wider scope that failed is asked again."""
    item._report_sections.clear()
    core_protocol.failed_subtests(item.config).pop(core_protocol.id_of(item), None)
    method = item.__dict__.get("_obj")
    if type(item.parent) is pytest.Class and isinstance(getattr(method, "__self__", None), item.parent.obj):
        item.__dict__.pop("_obj", None)
        item.__dict__.pop("_instance", None)
    info = getattr(item, "_fixtureinfo", None)
    for definitions in info.name2fixturedefs.values() if info is not None else ():
        for definition in definitions:
            cached = getattr(definition, "cached_result", None)
            if cached is not None and cached[2] is not None:
                _finish(definition, item)


def withdraws_subtests(report: pytest.TestReport) -> bool:
    """Whether the subtests that were told before it count no longer: pytest-rerunfailures takes them out of the summary."""
    plugin = sys.modules.get("pytest_rerunfailures")
    knows_subtests = getattr(plugin, "SubtestReport", None) is not None  # Since 16.0, of pytest 9's own.
    return report.outcome == "rerun" and knows_subtests and hasattr(plugin, "_remove_failed_subtest_reports_from_stats")


def is_of_wider_fixture(error: BaseException) -> bool:
    """Whether a teardown's error comes, at least in part, from a fixture that is not one test's own."""
    trace = error.__traceback__
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
        if frame.f_code is FixtureDef.finish.__code__ and frame.f_locals["self"].scope != "function":
            return True
    return any(is_of_wider_fixture(part) for part in getattr(error, "exceptions", ()))


def _finish(definition: object, item: pytest.Item) -> None:
    """What the set-up that failed left is torn down now; what that raises is said where it would have been: at the end."""
    if not item._request:
        item._initrequest()
    try:
        definition.finish(item._request)
    except Exception as error:
        definition.cached_result = None

        def tell(error: Exception = error) -> None:
            raise error

        item.session.addfinalizer(tell)
