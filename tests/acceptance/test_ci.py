"""fastest ci: a CI job's share of a run, by shard or as one of a network's agents; and what GitHub is told."""

from __future__ import annotations

import socket

import pytest
import running
from test_shards import program, results

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="what is promised here is ours")


def test_ci_is_a_shard_that_leaves_its_report(make_project):
    project = make_project({"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"})
    for index in "01":
        env = {"CIRCLE_NODE_INDEX": index, "CIRCLE_NODE_TOTAL": "2"}
        run = program(project, "ci", "--python", running.PYTHON, "-n", "2", env=env)
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.startswith(f"fastest --shard {int(index) + 1}/2 --shard-report fastest-shards --python")
    merge = program(project, "merge", "fastest-shards")
    assert (merge.returncode, "2 passed" in merge.stdout) == (0, True), merge.stdout + merge.stderr


def test_a_network_of_ci_jobs_is_told_by_a_dry_run(make_project):
    project = make_project({"test_a.py": "def test_a(): pass\n"})
    said = [program(project, "ci", "--dry-run", "--connect", "ci-0", "--index", k, "--total", "2", "-q").stdout for k in "01"]
    assert said == [
        "fastest coordinator --listen 'tcp://*:5570' --with-agent --expect-agents 2 --min-agents 1 -q\n",
        "fastest agent --connect tcp://ci-0:5570\n",
    ]


def test_github_is_told_of_failures_and_flaky_tests(make_project):
    source = "import os\ndef test_f(): assert os.path.exists('x') or open('x', 'w') is None\ndef test_b():\n    assert 0\n"
    project = make_project({"test_a.py": source})
    summary = project.root / "summary.md"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(project.root.parent)}
    run = program(project, "--python", running.PYTHON, "-n", "1", "--retries=1", env=env)
    assert run.returncode == 1
    assert run.stdout.splitlines()[-2:] == [
        "::error file=project/test_a.py,line=4,title=test_a.py%3A%3Atest_b::assert 0",
        "::warning file=project/test_a.py,title=test_a.py%3A%3Atest_f::flaky: passed on attempt 2",
    ]
    assert "1 failed, 1 passed, 2 rerun" in summary.read_text()
    quiet = program(project, "--python", running.PYTHON, "-n", "1", "--annotations=none", env=env)
    assert "::error" not in quiet.stdout


def test_the_jobs_of_a_network_share_one_run(make_project):
    project = make_project({f"test_{name}.py": f"import time\ndef test_{name}(): time.sleep(0.2)\n" for name in "abcd"})
    assert program(project, "keygen", "--join-secret", "--out", "../keys").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"FASTEST_COORDINATOR": f"127.0.0.1:{port}", "FASTEST_JOIN_SECRET_FILE": str(project.base / "keys" / "join.secret")}
    words = [running.PROGRAM, "ci", "--total", "2", "-n", "2", "--python", running.PYTHON]
    log = project.base / "run.jsonl"
    environment = running.environment(project.base, env)
    jobs = [
        running.Started([*words, "--index", "1"], project.root, project.base, environment),
        running.Started([*words, "--index", "0", f"--report-log={log}"], project.root, project.base, environment, log),
    ]
    agent, coordinator = (job.finish() for job in jobs)
    assert (coordinator.exit, agent.exit) == (0, 0), coordinator.stdout + coordinator.stderr + agent.stdout + agent.stderr
    assert "workers: 4" in coordinator.stdout
    assert len(results(coordinator.log)) == 12
