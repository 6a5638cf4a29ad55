"""Which pytest_configure is done once, before the forks, and which each worker has to do itself."""

import logging
import os
import sys
import tempfile

import pytest
from fastest.inheritable import is_inheritable

MARKS = ("slow", "fast")
LEVEL = None


def helper(config):
    config.option.color = "yes"


def registers_markers(config):
    for mark in MARKS:
        config.addinivalue_line("markers", f"{mark}: {mark.upper()}")


def sets_the_environment(config):
    os.environ["A"] = "1"
    os.environ.setdefault("B", str(config.getoption("verbose")))


def keeps_options(config):
    global LEVEL
    LEVEL = config.option.level
    if LEVEL:
        import warnings

        warnings.simplefilter("error")
        logging.getLogger("a").setLevel(logging.DEBUG)


def calls_its_own(config):
    helper(config)


def makes_a_folder(config):
    config.folder = tempfile.mkdtemp()


def asks_which_worker_it_is(config):
    config.option.db = "db" + getattr(config, "workerinput", {}).get("workerid", "")


def reads_the_workers_name(config):
    config.option.db = os.environ.get("PYTEST_XDIST_WORKER", "")


def opens_a_file(config):
    with open(os.devnull) as file:
        config.text = file.read()


def registers_a_plugin(config):
    config.pluginmanager.register(object())


def calls_what_was_not_read(config):
    sys.settrace(None)


def wraps(config):
    yield


@pytest.mark.parametrize("hook", [registers_markers, sets_the_environment, keeps_options, calls_its_own])
def test_what_only_sets_values_is_inherited(hook):
    assert is_inheritable(hook)


@pytest.mark.parametrize(
    "hook",
    [
        makes_a_folder,
        asks_which_worker_it_is,
        reads_the_workers_name,
        opens_a_file,
        registers_a_plugin,
        calls_what_was_not_read,
        wraps,
        print,
        lambda config: None,
    ],
)
def test_each_worker_does_the_rest_itself(hook):
    assert not is_inheritable(hook)
