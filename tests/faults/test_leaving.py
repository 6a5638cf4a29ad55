"""--leave-on-term: SIGTERM ends a coordinator but not its run, whose agents wait for the one that goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from killable import LIMIT, PYTHON, Suite, kept  # noqa: E402


@pytest.fixture
def suite(tmp_path):
    made = Suite(tmp_path)
    yield made
    made.end()


def test_agents_wait_for_the_coordinator_that_goes_on(suite):
    words = suite.begin("--resume", "R", "--leave-on-term", "--collect", "file")
    first = suite.start("coordinator", "--listen", "tcp://127.0.0.1:*", *words)
    endpoint = next(text for text in first.stdout if "listens on" in text).split()[-1]
    agent = suite.start("agent", "--connect", endpoint, "-n", "2", "--python", PYTHON)
    while kept(suite) < 12000:
        assert first.poll() is None
        try:
            first.wait(0.01)
        except subprocess.TimeoutExpired:
            pass
    first.send_signal(signal.SIGTERM)
    assert first.wait(LIMIT) == 143
    assert agent.poll() is None, "it was told that the run is over"
    second = suite.start("coordinator", "--listen", endpoint, *words)
    text, _ = second.communicate(timeout=LIMIT)
    assert second.returncode == 1 and "run R goes on" in text, text
    assert agent.wait(LIMIT) == 0
    assert len(suite.result()[0]) > 100
