"""Who a worker is: xdist's names in the environment and the config, a base temporary directory, and its farewell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fastest import compat, inherited, values


def apply_before_loading(setup: dict[str, Any]) -> None:
    """A process that is started to be a known worker has its identity while plugins and conftests load."""
    if setup.get("id"):
        _set_environment(setup["id"], setup.get("n", 1), setup.get("testrun_uid", ""))
    if compat.VERSION >= (8, 2):
        os.environ["PYTEST_VERSION"] = pytest.__version__
    inherited.remember()


def _set_environment(worker_id: str, count: int, testrun_uid: str) -> None:
    os.environ["PYTEST_XDIST_WORKER"] = worker_id
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(count)
    os.environ["PYTEST_XDIST_TESTRUNUID"] = testrun_uid


def apply_before_configure(config: pytest.Config, order: dict[str, Any], basetemp: Path | None) -> None:
    if not order.get("id"):
        return
    workerinput = _workerinput(order)
    _set_environment(order["id"], order.get("count", 1), workerinput["testrunuid"])
    config.workerinput = workerinput
    config.workeroutput = {}
    inherited.take_over((order.get("start") or {}).get("environment") or {})
    if basetemp is not None:
        config.option.basetemp = str(basetemp / f"popen-{order['id']}")


def apply_after_configure(config: pytest.Config, order: dict[str, Any], basetemp: Path | None) -> None:
    """A fork of the session that the zygote has collected."""
    if not order.get("id"):
        return
    workerinput = _workerinput(order)
    _set_environment(order["id"], order.get("count", 1), workerinput["testrunuid"])
    config.workerinput.clear()
    config.workerinput.update(workerinput)
    if basetemp is not None:
        config.option.basetemp = str(basetemp / f"popen-{order['id']}")
        compat.rebase_temp(config, Path(config.option.basetemp))


def _workerinput(order: dict[str, Any]) -> dict[str, Any]:
    start = order.get("start") or {}
    given = {**(start.get("workerinput") or {}), **values.from_wire((start.get("workerinputs") or {}).get(order["id"]) or {})}
    defaults = {"workerid": order["id"], "workercount": order.get("count", 1), "testrunuid": "", "mainargv": ["fastest"]}
    return {**defaults, **given, "workerid": order["id"]}


def shared_basetemp(config: pytest.Config, run_id: str) -> Path | None:
    """The base temporary directory of a run whose workers are no forks of one zygote: the first to come makes it."""
    if getattr(config.option, "basetemp", None):
        base = Path(config.option.basetemp).absolute()
        base.mkdir(mode=0o700, exist_ok=True)
        return base
    mine = compat.make_basetemp(config)
    if mine is None:
        return None
    link = mine.parent / f"fastest-{run_id}"
    try:
        link.symlink_to(mine)
        return mine
    except OSError:
        theirs = link.resolve()
        return theirs if theirs.is_dir() else mine


def farewell(config: pytest.Config | None, status: int, summary: str) -> dict[str, Any]:
    """BYE's body."""
    session = config.pluginmanager.get_plugin("session") if config is not None else None
    workeroutput = dict(getattr(config, "workeroutput", {}))
    workeroutput.setdefault("exitstatus", int(status))  # This and the next two as xdist's worker has them.
    workeroutput.setdefault("shouldfail", getattr(session, "shouldfail", False))
    workeroutput.setdefault("shouldstop", getattr(session, "shouldstop", False))
    return {
        "exit": int(status),
        "summary": summary,
        **_junit_words(config),
        "workeroutput": values.to_wire(workeroutput),
        "testscollected": getattr(session, "testscollected", 0),
        "testsfailed": getattr(session, "testsfailed", 0),
    }


def _junit_words(config: pytest.Config | None) -> dict[str, object]:
    keeper = config.pluginmanager.get_plugin("fastest-junit-words") if config is not None else None
    return keeper.recorded() if keeper is not None else {"suite_properties": [], "case_attributes": {}}
