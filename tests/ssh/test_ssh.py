"""`fastest ssh` over real sshd's on loopback: the same outcomes, nothing lost with a host, nothing left behind at one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from runs import PYTHON, SLOW, Site
from running import MIXED
from sshd import sshd

pytestmark = pytest.mark.skipif(not sshd(), reason="needs sshd (Debian: openssh-server)")

@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.end()


@pytest.fixture
def two(site):
    site.write(SLOW)
    site.hosts.add("build1")
    site.hosts.add("build2")
    return site


def test_two_hosts_say_what_one_machine_says(site):
    site.write(MIXED)
    site.hosts.add("build1")
    site.hosts.add("build2")
    assert site.end_of(site.start("--python", PYTHON, "-n", "2", "--report-log", str(site.log)))[0] == 1
    here = site.reports()
    exit_code, said = site.end_of(site.ssh("build1,build2"))
    assert exit_code == 1, said
    assert site.reports() == here
    assert "agent build1 (2 workers from gw" in said and "agent build2 (2 workers from gw" in said
    assert "error: build" not in said
    assert site.nothing_at_the_hosts(0.5)


def test_the_tests_of_a_killed_session_run_elsewhere_and_no_secret_is_in_sight(two):
    process = two.ssh("build1,build2")
    two.in_the_middle()
    words = [*two.hosts.agents().values(), *Path("/proc").glob("*/cmdline")]
    text = [one if isinstance(one, str) else one.read_text(errors="replace") for one in words if isinstance(one, str) or one.exists()]
    assert any("--lifeline" in one for one in text)
    assert not [one for one in text if re.search(r"\b[0-9a-f]{64}\b", one)]
    for pid in two.hosts.sessions("build2"):
        os.kill(pid, signal.SIGKILL)
    exit_code, said = two.end_of(process)
    assert exit_code == 0, said
    assert two.each_once()
    assert re.search(r"^fastest: error: build2: .*(closed|Broken pipe|reset)", said, re.M), said
    assert two.nothing_at_the_hosts()


def test_a_host_that_cannot_be_reached_is_named_and_the_run_goes_on(two):
    two.hosts.alias("dead", 1)
    exit_code, said = two.end_of(two.ssh("dead,build1"))
    assert exit_code == 0, said
    assert "fastest: error: dead: ssh: connect to host 127.0.0.1 port 1: Connection refused\n" in said
    assert two.each_once()


def test_keys_of_the_environment_are_not_the_runs_and_no_test_sees_them(site):
    site.write("import os\ndef test(): assert 'FASTEST_JOIN_SECRET' not in os.environ and 'FASTEST_KEY' not in os.environ\n")
    site.hosts.add("build1")
    env = {"FASTEST_JOIN_SECRET": "short", "FASTEST_KEY": "none", "FASTEST_KEY_FILE": "/not/there"}
    exit_code, said = site.end_of(site.ssh("build1", run=("--with-agent",), env=env))
    assert exit_code == 0, said
    assert "4 passed" in said


def test_without_any_host_the_run_ends_at_once(site):
    site.write(SLOW)
    site.hosts.alias("dead", 1)
    site.hosts.add("stranger", known=False)
    exit_code, said = site.end_of(site.ssh("dead,stranger"))
    assert exit_code == 4, said
    assert "fastest: error: dead: " in said and "ERROR: no host is left" in said
    assert re.search(r"^fastest: error: stranger: Host key verification failed\. \(hint: `ssh stranger` must log in", said, re.M), said


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--remote-dir", "/not/there"), "there is no folder /not/there (hint: --remote-dir DIR)"),
        (("--remote-fastest", "/not/there"), "there is no program /not/there (hint: --remote-fastest PATH)"),
        (("--remote-python", "/not/there"), "its agent was refused, or could not begin: fastest: error: --python /not/there: no such program"),
    ],
)
def test_what_is_missing_at_a_host_is_said(site, words, error):
    site.write(SLOW)
    site.hosts.add("build1")
    exit_code, said = site.end_of(site.ssh("build1", *words))
    assert exit_code == 4, said
    assert f"fastest: error: build1: {error}\n" in said


def test_other_code_at_a_host_is_refused_by_name(site, tmp_path):
    site.write(SLOW)
    site.hosts.add("build1")
    other = tmp_path / "other"
    other.mkdir()
    (other / "test_0.py").write_text("def test_other(): pass\n")
    exit_code, said = site.end_of(site.ssh("build1", "--remote-dir", str(other)))
    assert exit_code == 4, said
    assert "build1:   test_0.py differs\n" in said


def test_where_no_tunnel_is_allowed_hosts_connect_to_an_address(site):
    site.write(MIXED)
    site.hosts.add("closed", tunnels="no")
    exit_code, said = site.end_of(site.ssh("closed"))
    assert exit_code == 4, said
    assert "fastest: error: closed: its sshd allows no tunnel back (hint: --listen ADDRESS: hosts connect to this machine)\n" in said
    exit_code, said = site.end_of(site.ssh("closed", "--listen", "127.0.0.1"))
    assert exit_code == 1, said
    assert "4 failed" in said and site.nothing_at_the_hosts()


def test_a_killed_coordinator_leaves_nothing_at_the_hosts(two):
    process = two.ssh("build1,build2")
    two.in_the_middle()
    assert two.hosts.agents()
    process.kill()
    process.wait()
    assert two.nothing_at_the_hosts()


def test_when_the_last_host_is_lost_the_run_ends_and_says_what_has_not_run(two):
    process = two.ssh("build1")
    two.in_the_middle()
    for pid in two.hosts.sessions("build1"):
        os.kill(pid, signal.SIGKILL)
    exit_code, said = two.end_of(process)
    assert exit_code == 3, said
    assert "no host is left" in said
    ran = {node_id for node_id, *_ in two.reports()}
    assert 0 < len(ran) < 48 and f"{48 - len(ran)} tests not run" in said, said
    assert two.nothing_at_the_hosts()


def test_ctrl_c_ends_the_run_in_order(two):
    process = two.ssh("build1,build2", start_new_session=True)
    two.in_the_middle()
    os.killpg(process.pid, signal.SIGINT)
    exit_code, said = two.end_of(process)
    assert exit_code == 2, said
    assert re.search(r"=+ \d+ passed.* in ", said), said
    assert "fastest: error: build" not in said
    assert two.nothing_at_the_hosts(0.5)


def test_a_run_of_a_killed_coordinator_goes_on(two):
    process = two.ssh("build1,build2", run=("--run-id", "R"))
    two.in_the_middle()
    process.kill()
    process.wait()
    exit_code, said = two.end_of(two.start("ssh", "build1,build2", f"--ssh-option=-F{two.hosts.config}", "-n", "2", *two.python, "--", "--resume", "R"))
    assert exit_code == 0, said
    assert re.search(r"run R goes on: \d+ tests have their result", said), said
    assert two.each_once()


def test_hosts_without_the_code_get_it_and_a_killed_run_goes_on_with_it(two, tmp_path):
    """--sync by way of ssh: into an empty folder of each host; the run goes on in what it fetched before."""
    empty = tmp_path / "empty"
    empty.mkdir()
    where = ("--remote-dir", str(empty))
    process = two.ssh("build1,build2", *where, run=("--sync", "--run-id", "R"))
    two.in_the_middle()
    process.kill()
    process.wait()
    assert two.nothing_at_the_hosts()
    options = [f"--ssh-option=-F{two.hosts.config}", "-n", "2", *two.python, *where]
    exit_code, said = two.end_of(two.start("ssh", "build1,build2", *options, "--", "--resume", "R"))
    assert exit_code == 0, said
    assert re.search(r"run R goes on: \d+ tests have their result", said), said
    assert two.each_once() and not list(empty.iterdir())


def test_a_master_connection_is_used_and_keeps_no_tunnel(site, tmp_path_factory):
    site.write(SLOW, files=1)
    site.hosts.add("build1")
    control = tmp_path_factory.mktemp("c") / "m"
    with open(site.hosts.config, "a") as file:
        file.write(f"  ControlPath {control}\n")
    ssh = ["ssh", "-F", str(site.hosts.config)]
    master = subprocess.Popen([*ssh, "-M", "-N", "build1"], stdin=subprocess.DEVNULL)
    site.processes.append(master)
    site.wait_for(control.exists, "no master connection")
    before = len(site.hosts.sessions("build1"))
    process = site.ssh("build1")
    site.in_the_middle()
    assert listening(site.hosts.sessions("build1"))
    exit_code, said = site.end_of(process)
    assert exit_code == 0, said
    assert len(site.hosts.sessions("build1")) == before  # No connection of its own.
    assert not listening(site.hosts.sessions("build1"))


def listening(pids: list[int]) -> list[int]:
    """Ports that these processes listen on."""
    sockets = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A":
            sockets[f"socket:[{words[9]}]"] = int(words[1].split(":")[1], 16)
    found = []
    for pid in pids:
        try:
            links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
        except PermissionError:
            pytest.skip("sockets of sshd are seen by root alone")
        found += [sockets[link] for link in links if link in sockets]
    return found


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("ssh",), 'ssh: "--" is missing before the run\'s options and paths (hint: fastest ssh --help)'),
        (("ssh", "--"), "ssh: no hosts are given (hint: fastest ssh HOST,HOST -- tests)"),
        (("ssh", "a", "-q", "--"), 'ssh: unknown argument -q (hint: the run\'s options stand behind "--")'),
        (("ssh", "a,a", "--"), "ssh: a stands there twice (hint: -n N gives a host more workers)"),
        (("ssh", "a,-oProxyCommand=x", "--"), "ssh: -oProxyCommand=x: no host; allowed are HOST, USER@HOST, HOST:PORT and [ADDRESS]:PORT, separated by commas"),
        (("ssh", "a", "--", "--join-secret", "f"), 'ssh: --join-secret behind "--": how agents are reached and their keys are this command\'s own'),
        (("ssh", "a", "--"), "cannot start ssh: No such file or directory (hint: install the OpenSSH client)"),
        (("slurm", "-N2", "--"), "slurm: cannot start salloc: No such file or directory (hint: Slurm's commands must be in PATH; fastest ssh needs only ssh)"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(site, words, error):
    site.write(SLOW)
    exit_code, said = site.end_of(site.start(*words, env={"PATH": "/not/there"}))
    assert exit_code == 4
    assert [line for line in said.splitlines() if "listens on" not in line] == [f"fastest: error: {error}"]
