"""What a terminal shows while tests run."""

import os
import pty
import re
import subprocess

import running

LONG = "import time\ndef test_long(): time.sleep(2.5)\n"
QUICK = "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_quick(n): pass\n"


def shown_by(project, **env: str) -> bytes:
    """What a run with two workers writes to a terminal."""
    controller, terminal = pty.openpty()
    environment = running.environment(project.base, {"TERM": "xterm", **env})
    command = [*running.runner_command(), "-n", "2"]
    with subprocess.Popen(command, cwd=project.root, env=environment, stdin=terminal, stdout=terminal, stderr=terminal) as run:
        os.close(terminal)
        shown = b""
        try:
            while data := os.read(controller, 1 << 16):
                shown += data
        except OSError:  # The other end is closed.
            pass
        os.close(controller)
    assert run.returncode == 0
    return shown


def test_the_block_names_the_tests_that_run_for_more_than_a_second(make_project):
    shown = shown_by(make_project({"test_a.py": LONG, "test_b.py": QUICK}))
    assert re.search(rb"\ngw[01] +[12]s  test_a\.py::test_long", shown), shown
    assert b"test_quick" not in shown


def test_without_colours_there_is_no_block(make_project):
    project = make_project({"test_b.py": QUICK})
    assert b"\x1b" in shown_by(project)
    assert b"\x1b" not in shown_by(project, NO_COLOR="1")
