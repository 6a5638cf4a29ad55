"""deploy/kubernetes/acceptance.sh itself, with a program and a kubectl that play: it passes what is right and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from checker import ROOT  # noqa: E402

SCRIPT = ROOT / "deploy" / "kubernetes" / "acceptance.sh"
# Plays `fastest k8s run`: shows a result, waits for the pod's replacement if one is disturbed, writes the report, ends.
PROGRAM = """#!/bin/sh
echo 'test_pods.py::test PASSED'
if [ -n "$DISTURBED" ]; then while [ ! -e "$PLAY/gone" ]; do sleep 0.1; done; sleep "$AFTER"; fi
for n in $(seq "$CASES"); do printf '<testcase classname="c" name="t[%s]">' "$n"; done >r.xml
exit "$CODE"
"""
KUBECTL = """#!/bin/sh
echo "$*" >>"$PLAY/calls"
case "$*" in
  *--raw*eviction*|*"delete pod"*) touch "$PLAY/gone" ;;
  *"get pods"*) if [ -e "$PLAY/gone" ] && [ -z "$STUCK" ]; then echo x-2; else echo x-1; fi ;;
  *"get job"*) if [ -n "$LEFT" ]; then echo "$LEFT"; fi ;;
esac
"""


def play(tmp_path: Path, scenario: str, code: int = 0, cases: int = 90, **env: str) -> subprocess.CompletedProcess:
    for name, text in (("fastest", PROGRAM), ("kubectl", KUBECTL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    disturbed = "yes" if "-" in scenario else ""
    played = {"PLAY": tmp_path, "DISTURBED": disturbed, "AFTER": "4", "CODE": code, "CASES": cases, "LEFT": "", "STUCK": "", "IMAGE": "i", **env}
    path = f"{tmp_path}:{os.environ['PATH']}"
    whole = {**os.environ, "FASTEST": str(tmp_path / "fastest"), "PATH": path, **{name: str(value) for name, value in played.items()}}
    return subprocess.run(["sh", SCRIPT, scenario], env=whole, text=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("scenario", ["green", "evict-agent", "kill-coordinator"])
def test_what_is_right_passes(tmp_path, scenario):
    done = play(tmp_path, scenario)
    assert done.returncode == 0 and done.stdout.endswith("acceptance: 1 scenarios passed\n"), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"code": 1}, "exit code 1 instead of 0"),
        ({"cases": 89}, "89 results of 89 tests instead of 90"),
        ({"LEFT": "service/x"}, "left behind: service/x"),
        ({"scenario": "evict-agent", "AFTER": "1", "STUCK": "yes"}, "the run ended before its replacement"),
        ({"scenario": "kill-coordinator", "CLAIM": "kept"}, "it did not go on from its journal"),
        ({"scenario": "purple"}, "there is no such scenario"),
    ],
)
def test_what_is_wrong_does_not(tmp_path, wrong, complaint):
    done = play(tmp_path, wrong.pop("scenario", "green"), **wrong)
    assert done.returncode == 1 and complaint in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say():
    scripts = [SCRIPT, ROOT / "deploy/install_portable.sh", ROOT / "tests/faults/pod_enter.sh", ROOT / "tests/kubernetes/one_node.sh"]
    done = subprocess.run(["shellcheck", *scripts], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout
