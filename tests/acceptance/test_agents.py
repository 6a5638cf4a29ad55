"""`fastest coordinator` and `fastest agent` on loopback: one run over several processes, nothing lost with one of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import xml.etree.ElementTree

import pytest
from cluster import FILES, TESTS, expected
from running import LIMIT, PROGRAM, STAND_IN

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_two_agents_share_a_run(cluster, collect):
    coordinator = cluster.coordinator("-n", "4", "--collect", collect)
    agents = [cluster.agent(), cluster.agent()]
    assert coordinator.wait(LIMIT) == 0, coordinator.stderr.read()
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    assert cluster.reports() == expected()


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_each_agent_gets_something_of_a_small_run(cluster, collect):
    coordinator = cluster.coordinator("--expect-agents", "2", "-v", "--collect", collect)
    agents = [cluster.agent(), cluster.agent()]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    counts = [int(count) for count in re.findall(r"^agent .*: (\d+) tests?, busy", said, re.MULTILINE)]
    assert len(counts) == 2 and sum(counts) == FILES * TESTS and min(counts) >= TESTS, said


def test_an_agent_whose_pytest_does_not_start_is_left_out(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2")
    broken = cluster.agent(python=cluster.python_without_pytest())
    assert broken.wait(LIMIT) == 78
    assert cluster.agent().wait(LIMIT) == 0
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert re.search("^agent .* is refused: pytest does not start there: ", said, re.MULTILINE), said
    assert cluster.reports() == expected()


def test_the_only_agent_is_refused_if_its_python_has_no_pytest_and_another_may_come(cluster):
    coordinator = cluster.coordinator()
    assert cluster.agent(python=cluster.python_without_pytest()).wait(LIMIT) == 78
    assert cluster.agent().wait(LIMIT) == 0
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 0, said + complaints
    assert cluster.reports() == expected()


def test_a_run_ends_when_pytest_starts_at_no_agent(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2", "--agents-timeout", "2")
    agents = [cluster.agent(python=cluster.python_without_pytest()) for _ in range(2)]
    assert [agent.wait(LIMIT) for agent in agents] == [78, 78]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 3 and "ended before pytest was loaded" in said, said + complaints
    assert "no agent for 2 s (--agents-timeout)" in complaints


def test_the_coordinator_says_which_files_differ_where_it_refuses_an_agent_for_them(cluster, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(cluster.root, other)
    (other / "test_0.py").write_text("def test_other(): pass\n")
    coordinator = cluster.coordinator("--agents-timeout", "2")
    agent = cluster.agent(root=other)
    assert agent.wait(LIMIT) == 78
    assert "  test_0.py differs\n" in agent.stderr.read()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert coordinator.returncode == 3
    assert complaints.count("agent one is refused: its code differs: test_0.py differs\n") == 1, said + complaints
    assert "no agent for 2 s (--agents-timeout; 1 refused, whose code differs)" in complaints


@pytest.mark.parametrize("collect", ["file", "whole"])
@pytest.mark.parametrize("lacks", [0, 1])
def test_a_test_file_that_one_agent_lacks_is_no_green_run(cluster, tmp_path, collect, lacks):
    other = tmp_path / "other"
    shutil.copytree(cluster.root, other)
    (other / "test_3.py").unlink()
    coordinator = cluster.coordinator("--expect-agents", "2", "--allow-skew", "code", "--collect", collect, "--continue-on-collection-errors")
    agents = [cluster.agent(workers=1, root=other if number == lacks else None) for number in range(2)]
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
    everything = set(cluster.reports()) == set(expected())
    assert coordinator.returncode == (0 if everything else 1), said + complaints


def test_min_agents_are_enough_when_the_time_for_agents_is_over(cluster):
    coordinator = cluster.coordinator("--expect-agents", "2", "--min-agents", "1", "--agents-timeout", "2")
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
    assert cluster.reports() == expected()


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize("host", ["localhost", pytest.param("[::1]", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here"))])
def test_loopback_has_several_names(cluster, host):
    coordinator = cluster.coordinator("--listen", f"tcp://{host}:*")
    cluster.endpoint = f"tcp://{host}:{cluster.endpoint.rpartition(':')[2]}"
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
    assert cluster.reports() == expected()


@pytest.mark.parametrize("cluster", [0.3], indirect=True)
def test_a_killed_agents_tests_run_again_and_count_once(cluster):
    coordinator = cluster.coordinator("-n", "4", "-v")
    victim, other = cluster.agent(), cluster.agent()
    for line in coordinator.stdout:
        if "PASSED" in line and ("gw0" in line or "gw1" in line):
            break  # It is in the middle of its work.
    os.kill(victim.pid, signal.SIGKILL)
    assert coordinator.wait(LIMIT) == 0, coordinator.stderr.read()
    assert other.wait(LIMIT) == 0
    assert cluster.reports() == expected()


def test_a_hang_at_an_agent_is_killed_as_the_coordinator_says(cluster):
    (cluster.root / "test_hang.py").write_text("import time\ndef test_hangs(): time.sleep(600)\ndef test_after(): pass\n")
    coordinator = cluster.coordinator("--hang-timeout", "1")
    agent = cluster.agent()
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (1, 0), said + complaints
    assert cluster.failed() == ["test_hang.py::test_hangs"]
    assert "hung and was killed" in said + complaints


def test_listening_beyond_loopback_without_keys_is_refused(cluster):
    answer = subprocess.run(
        [PROGRAM, "coordinator", "--listen", "tcp://0.0.0.0:5555"], cwd=cluster.root, env=cluster.env, text=True, capture_output=True
    )
    assert answer.returncode == 4
    assert answer.stderr == (
        "fastest: error: --listen tcp://0.0.0.0:5555: without keys only loopback is allowed (hint: fastest keygen --join-secret, "
        "then --join-secret fastest-keys/join.secret for the coordinator and each agent)\n"
    )


def refusal(cluster, *words: str) -> str:
    answer = subprocess.run([PROGRAM, *words], cwd=cluster.root, env=cluster.env, text=True, capture_output=True, timeout=LIMIT)
    assert (answer.returncode, answer.stderr.count("\n")) == (4 if words[0] == "coordinator" else 78, 1), answer
    return answer.stderr


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604])
def test_a_secret_that_others_can_get_at_is_refused_with_the_command_that_mends_it(cluster, tmp_path, mode):
    secret = tmp_path / "join.secret"
    secret.write_text("x" * 64)
    secret.chmod(mode)
    said = refusal(cluster, "agent", "--connect", "tcp://127.0.0.1:5555", "--join-secret", str(secret))
    assert said == f"fastest: error: --join-secret {secret}: others can get at this secret (mode {mode:04o}); hint: chmod 600 {secret}\n"


def test_a_mounted_kubernetes_secret_is_read_by_its_group(cluster, tmp_path):
    """As the kubelet lays it out: root's, mode 0440, behind links."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "secret").write_text("x" * 64)
    (tmp_path / "..2026" / "secret").chmod(0o440)
    (tmp_path / "..data").symlink_to("..2026")
    secret = tmp_path / "secret"
    secret.symlink_to("..data/secret")
    coordinator = cluster.coordinator("--join-secret", str(secret))
    agent = cluster.agent(secret=str(secret))
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints


@pytest.mark.parametrize("name", ["\N{GREEK SMALL LETTER ALPHA}lpha", "a\x1b[31mb", "a\nb", "x" * 101])
def test_a_name_that_not_every_report_can_show_is_refused(cluster, name):
    said = refusal(cluster, "agent", "--connect", "tcp://127.0.0.1:5555", "--name", name)
    assert said == "fastest: error: --name: an agent's name is up to 100 visible ASCII characters\n"


def test_every_report_says_what_each_agent_did(cluster, tmp_path):
    reports = {name: tmp_path / name for name in ("junit.xml", "report.json", "summary.md")}
    cluster.env["GITHUB_STEP_SUMMARY"], cluster.env["GITHUB_ACTIONS"] = str(reports["summary.md"]), "true"
    words = ["--junitxml", str(reports["junit.xml"]), "--json", str(reports["report.json"])]
    coordinator = cluster.coordinator(*words)
    agent = cluster.agent(name='<b>"one" & two')
    said, complaints = coordinator.communicate(timeout=LIMIT)
    assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
    assert f'agent <b>"one" & two (2 workers from gw0): {FILES * TESTS} tests, busy ' in said
    (of_json,) = json.loads(reports["report.json"].read_text())["agents"]
    of_log = json.loads(cluster.log.read_text().splitlines()[-1])["agents"][0]
    assert of_json == of_log and (of_json["name"], of_json["tests"]) == ('<b>"one" & two', FILES * TESTS)
    (of_junit,) = xml.etree.ElementTree.parse(reports["junit.xml"]).iter("property")
    assert of_junit.get("name") == 'agent <b>"one" & two' and f"tests {FILES * TESTS}, busy" in of_junit.get("value")
    assert f'- agent <code>&lt;b&gt;"one" &amp; two</code>: {FILES * TESTS} tests, busy' in reports["summary.md"].read_text()


def test_what_an_earlier_run_has_written_where_its_options_say_is_no_code(cluster, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(cluster.root, other)
    for _ in range(2):
        coordinator = cluster.coordinator("--junitxml=report.xml", "--json=report.json", "--basetemp=temporary")
        agent = cluster.agent(root=other)
        said, complaints = coordinator.communicate(timeout=LIMIT)
        assert (coordinator.returncode, agent.wait(LIMIT)) == (0, 0), said + complaints
        (cluster.root / "temporary").mkdir(exist_ok=True)
        (cluster.root / "temporary" / "left.txt").write_text("left")
