"""A Job's pods as `fastest k8s manifest` describes them, started, evicted and killed: each test is reported exactly once.

FASTEST_FAULTS_SEED  moves the moments at which something happens
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from lab import PROGRAM, PYTHON, can_use_namespaces  # noqa: E402
from pods import OUT, UID, Cluster, can_play  # noqa: E402
from running import results_in  # noqa: E402

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))


@pytest.fixture
def make_cluster(tmp_path):
    made = []

    def make(**suite) -> Cluster:
        if not can_use_namespaces() or not can_play():
            pytest.skip("pods are played by root, with iproute2 and util-linux")
        made.append(Cluster(tmp_path, **suite))
        cluster = made[-1]
        for file in cluster.root.glob("test_*.py"):  # What ran is told where pods may write.
            file.write_text(file.read_text().replace(str(cluster.ran), f"{OUT}/ran"))
            file.chmod(0o644)
        cluster.ran = cluster.out / "ran"
        return cluster

    yield make
    for cluster in made:
        cluster.end()


def reports(cluster: Cluster) -> Path:
    """The folder with what index 0's last pod has put into its log."""
    log = next(pod for pod in reversed(cluster.ended) if pod.index == 0).said()
    done = subprocess.run([PROGRAM, "k8s", "reports"], cwd=cluster.base, input=log, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return cluster.base / "fastest-reports"


def check_all_reported_once(cluster: Cluster) -> None:
    found = Counter((node_id, when) for node_id, when, _ in results_in(reports(cluster) / "log").elements())
    assert found == Counter((node_id, when) for node_id in cluster.ids for when in ("setup", "call", "teardown")), cluster.words()


def moment(name: str, first: int, last: int) -> int:
    return random.Random(f"{SEED}-{name}").randint(first, last)


def test_pods_report_what_a_local_run_reports_and_its_exit_code(make_cluster):
    cluster = make_cluster(files=4, tests=6, body="assert n != 3 or request.node.path.name != 'test_2.py'; n != 4 or pytest.skip('no')")
    cluster.apply("-v", "--report-log=log", "--json=run.json")
    assert cluster.finish() == "Failed: exit code 1 of index 0", cluster.words()
    for file in cluster.root.glob("test_*.py"):
        file.write_text(file.read_text().replace(OUT, str(cluster.out)))
    local = subprocess.run([PROGRAM, "--python", PYTHON, "-n", "2", "--report-log", cluster.log], cwd=cluster.root, env=cluster.env, capture_output=True)
    assert local.returncode == 1
    assert results_in(reports(cluster) / "log") == results_in(cluster.log)
    told = json.loads((reports(cluster) / "run.json").read_text())
    # One worker each: the container's quota says so.
    assert sorted((agent["name"], agent["workers"]) for agent in told["agents"]) == [(f"fastest-{index}", 1) for index in range(3)]
    assert cluster.codes(0) == [1] and not set(cluster.codes(1) + cluster.codes(2)) & set(range(1, 7)), cluster.words()
    assert "warning" not in cluster.ended[0].said().lower(), cluster.words()


def test_an_evicted_agent_is_replaced_and_nothing_is_lost(make_cluster):
    cluster = make_cluster(files=3, tests=14, body="time.sleep(0.4)")
    cluster.apply("--report-log=log")
    cluster.until(lambda: cluster.begun() >= moment("evicted", 3, 9))
    evicted = cluster.evict(1)
    assert evicted.exit_code() == 143, cluster.words()
    assert cluster.finish() == "Complete"
    assert cluster.codes(0) == [0] and cluster.codes(1)[0] == 143 and cluster.failures.get(1, 0) == 0
    assert cluster.codes(1)[1:] != [], "it was not replaced"
    check_all_reported_once(cluster)
    assert set(cluster.runs().values()) == {1}, "a drained agent cuts nothing off"


@pytest.mark.parametrize("how", ["killed", pytest.param("evicted", marks=pytest.mark.long), pytest.param("lost", marks=pytest.mark.long)])
def test_a_coordinator_that_goes_is_replaced_and_the_run_goes_on(make_cluster, how):
    cluster = make_cluster(files=3, tests=16, body="time.sleep(0.4)")
    cluster.apply("--report-log=log", claim=True)
    cluster.until(lambda: cluster.begun() >= moment(how, 12, 20))
    first = cluster.pods[0]
    if how == "evicted":
        assert cluster.evict(0).exit_code() == 143, cluster.words()
    elif how == "lost":
        cluster.lose_node(0)
    else:
        first.kill()
    assert cluster.finish() == "Complete", cluster.words()
    assert cluster.codes(0) == [143 if how == "evicted" else 137, 0]
    goes_on = re.search(rf"run {UID} goes on: (\d+) tests have their result", cluster.ended[-1].said() + "".join(pod.said() for pod in cluster.ended))
    assert goes_on and int(goes_on[1]) > 3, cluster.words()
    check_all_reported_once(cluster)
    # What had no result runs again: what each of three workers was in, and had finished since the last word. Where no reset tells
    # agents that their coordinator is gone they go on for some seconds, for nothing.
    assert max(cluster.runs().values()) <= 2, cluster.words()
    assert how == "lost" or sum(cluster.runs().values()) <= len(cluster.ids) + 9, cluster.words()
    for index in (1, 2):  # They found the new one by its name.
        assert len([pod for pod in cluster.ended if pod.index == index]) == 1, cluster.words()


@pytest.mark.long
def test_a_killed_coordinator_without_a_claim_begins_the_run_again(make_cluster):
    cluster = make_cluster(files=2, tests=10, body="time.sleep(0.3)")
    cluster.apply("--report-log=log")
    cluster.until(lambda: cluster.begun() >= moment("no claim", 4, 9))
    cluster.pods[0].kill()
    assert cluster.finish() == "Complete", cluster.words()
    assert "goes on" not in cluster.words()
    check_all_reported_once(cluster)


@pytest.mark.long
def test_a_killed_agent_is_replaced_and_counts(make_cluster):
    cluster = make_cluster(files=3, tests=14, body="time.sleep(0.4)")
    cluster.apply("--report-log=log")
    cluster.until(lambda: cluster.begun() >= moment("agent", 3, 9))
    cluster.pods[2].kill()
    assert cluster.finish() == "Complete", cluster.words()
    assert cluster.codes(2)[0] == 137 and cluster.failures == {2: 1}
    check_all_reported_once(cluster)


@pytest.mark.long
def test_a_coordinator_that_is_killed_again_and_again_ends_like_one_that_is_not(make_cluster):
    cluster = make_cluster(files=3, tests=20, body="time.sleep(0.3)")
    cluster.apply("--report-log=log", claim=True)
    for round in range(1, 4):
        cluster.until(lambda: cluster.begun() >= 12 * round)
        cluster.pods[0].kill()
        cluster.until(lambda: 0 in cluster.pods and cluster.pods[0].exit_code() is None)
    assert cluster.finish() == "Complete", cluster.words()
    assert cluster.codes(0) == [137, 137, 137, 0]
    check_all_reported_once(cluster)
    assert sum(cluster.runs().values()) <= len(cluster.ids) + 27


@pytest.mark.long
def test_an_agent_without_the_secret_is_refused_for_good_and_the_run_goes_on(make_cluster):
    cluster = make_cluster(files=2, tests=20, body="time.sleep(0.7)")
    start = cluster._start

    def start_with_another(index: int) -> None:
        right = cluster.secret_text
        if index == 1:
            cluster.secret_text = "0" * 64
        start(index)
        cluster.secret_text = right

    cluster._start = start_with_another
    cluster.apply("--report-log=log", "--min-agents=2", "--expect-agents=2", agents=3)
    assert cluster.finish() == "Complete", cluster.words()
    assert cluster.codes(1) == [78] and 1 in cluster.done, cluster.words()
    check_all_reported_once(cluster)
