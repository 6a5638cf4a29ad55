"""`fastest coordinator --sync`: agents that have nothing get the code, run it with the same outcomes, and keep it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest
from running import LIMIT, PROGRAM, PYTHON, STAND_IN, end_all, environment, results_in

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")

FILES = {
    "pytest.ini": "[pytest]\npythonpath = src\n",
    "src/pkg.py": "def one(): return 1\n",
    "tests/conftest.py": "import pytest\n@pytest.fixture(scope='module')\ndef data(request):\n    return (request.path.parent / 'data.bin').read_bytes()\n",
    "tests/data.bin": "0123456789" * 1000,
    "tests/test_one.py": "import pkg, pytest, warnings\nwarnings.warn('loud')\ndef test_one(data): assert pkg.one() == len(data) // 10000\n"
    "def test_two(): assert pkg.one() == 2\n@pytest.mark.skip\ndef test_skipped(): pass\ndef test_broken(gone): pass\n",
    "tests/deep/test_more.py": "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_n(n): assert n != 7\n",
}


class Hosts:
    """A project, a coordinator in it, and agents in empty folders with a folder of their own for code."""

    def __init__(self, base: Path) -> None:
        self.base, self.root, self.store, self.env = base, base / "project", base / "store", environment(base, {})
        for name, text in FILES.items():
            self.write(name, text)
        self.processes: list[subprocess.Popen] = []
        self.log = base / "log.jsonl"

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=self.root, env=self.env, check=True, capture_output=True)

    def coordinator(self, *words: str, where: str = "") -> subprocess.Popen:
        command = ["coordinator", "--listen", "tcp://127.0.0.1:*", "--sync", "--report-log", str(self.log), *words]
        started = self._start(command, self.root / where)
        self.endpoint = started.stdout.readline().split()[-1]
        return started

    def agent(self, *words: str) -> subprocess.Popen:
        empty = self.base / f"agent{len(self.processes)}"
        empty.mkdir()
        command = ["agent", "--connect", self.endpoint, "-n", "2", "--python", PYTHON, "--sync-dir", str(self.store)]
        return self._start([*command, *words], empty)

    def _start(self, words: list[str], where: Path) -> subprocess.Popen:
        pipe = subprocess.PIPE
        process = subprocess.Popen([PROGRAM, *words], cwd=where, env=self.env, text=True, stdout=pipe, stderr=pipe)
        self.processes.append(process)
        return process

    def run(self, *words: str, where: str = "", exit_code: int = 1) -> tuple[int, Path]:
        """One run with one agent: how many contents it fetched, and where the tree is."""
        coordinator = self.coordinator(*words, where=where)
        agent = self.agent()
        told = agent.communicate(timeout=LIMIT)[1]
        out, err = coordinator.communicate(timeout=LIMIT)
        assert (agent.returncode, coordinator.returncode) == (0, exit_code), told + out + err
        fetched = re.search(r"code: (\d+) contents .* it is in (\S+)", told)
        return int(fetched[1]), Path(fetched[2])

    def reports(self) -> Counter:
        return results_in(self.log)

    def expected(self) -> Counter:
        log = self.base / "local.jsonl"
        command = [PROGRAM, "--python", PYTHON, "-n", "2", "--report-log", str(log), "-q"]
        subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, timeout=LIMIT)
        return results_in(log)

    def end(self) -> None:
        end_all(self.processes)


@pytest.fixture
def hosts(tmp_path):
    made = Hosts(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_an_agent_with_nothing_gives_the_outcomes_of_a_local_run(hosts, collect):
    expected = hosts.expected()
    assert hosts.run("-n", "2", "--collect", collect)[0] == len(FILES)
    assert hosts.reports() == expected and len(expected) > 20


def test_a_second_run_fetches_nothing_and_a_changed_file_is_one_content(hosts):
    assert hosts.run()[0] == len(FILES)
    assert hosts.run()[0] == 0
    hosts.write("src/pkg.py", "def one(): return 2\n")
    assert hosts.run()[0] == 1
    assert ("tests/test_one.py::test_two", "call", "passed") in hosts.reports()


def test_what_git_ignores_stays_here_and_the_rest_goes_as_it_is(hosts):
    hosts.write(".gitignore", "ignored*\n")
    hosts.write("ignored.key", "secret\n")
    hosts.write("fastest-keys/join.secret", "secret\n")
    (hosts.root / "tools").mkdir()
    (hosts.root / "tools/empty").mkdir()
    (hosts.root / "run.sh").write_text("#!/bin/sh\n")
    (hosts.root / "run.sh").chmod(0o755)
    (hosts.root / "link.py").symlink_to("src/pkg.py")
    odd = os.fsencode(hosts.root) + b"/odd\xff\n name %41"
    with open(odd, "w") as file:
        file.write("x")
    hosts.git("init", "-q")
    hosts.git("add", "pytest.ini", "src")
    hosts.git("commit", "-q", "-m", "some are tracked")
    tree = hosts.run()[1]
    assert sorted(p.name for p in tree.iterdir() if p.name != ".pytest_cache") == sorted(
        [".gitignore", "pytest.ini", "src", "tests", "tools", "run.sh", "link.py", os.fsdecode(os.path.basename(odd))]
    )
    assert (tree / "tools/empty").is_dir() and os.readlink(tree / "link.py") == "src/pkg.py"
    assert os.access(tree / "run.sh", os.X_OK) and not os.access(tree / "pytest.ini", os.X_OK)


def test_paths_and_the_working_directory_mean_the_same_at_the_agent(hosts):
    hosts.write("tests/deep/test_where.py", "import os\ndef test_where(): assert os.path.basename(os.getcwd()) == 'tests'\n")
    hosts.run(f"{hosts.root}/tests/deep/test_where.py", "-v", where="tests", exit_code=0)
    assert {node_id for node_id, _, _ in hosts.reports()} == {"tests/deep/test_where.py::test_where"}


def test_a_tree_that_tests_have_changed_is_made_anew_without_fetching(hosts):
    hosts.write("tests/test_dirty.py", "import pathlib, pkg\ndef test_dirty(): pathlib.Path(pkg.__file__).write_text('broken(')\n")
    tree = hosts.run()[1]
    assert (tree / "src/pkg.py").read_text() == "broken("
    fetched, again = hosts.run("--deselect", "tests/test_dirty.py::test_dirty")
    assert (fetched, again) == (0, tree)
    assert (tree / "src/pkg.py").read_text() == FILES["src/pkg.py"]


def test_two_agents_that_start_together_share_what_one_fetches(hosts):
    coordinator = hosts.coordinator("--expect-agents", "2", "-n", "4")
    told = [agent.communicate(timeout=LIMIT)[1] for agent in [hosts.agent(), hosts.agent()]]
    assert coordinator.wait(LIMIT) == 1
    assert sorted(int(re.search(r"code: (\d+)", text)[1]) for text in told) == [0, len(FILES)]
    assert hosts.reports() == hosts.expected()


def test_an_agent_in_the_same_checkout_fetches_nothing(hosts):
    coordinator = hosts.coordinator("-n", "2")
    agent = hosts._start(["agent", "--connect", hosts.endpoint, "-n", "2", "--python", PYTHON], hosts.root)
    assert coordinator.wait(LIMIT) == 1 and agent.wait(LIMIT) == 0
    assert "code:" not in agent.stderr.read()


def refused(hosts: Hosts, *words: str) -> str:
    command = [PROGRAM, "coordinator", "--listen", "tcp://127.0.0.1:*", "--sync", *words]
    answer = subprocess.run(command, cwd=hosts.root, env=hosts.env, text=True, capture_output=True, timeout=LIMIT)
    assert answer.returncode == 4
    return answer.stderr


def test_too_much_is_refused_with_the_biggest_files(hosts):
    text = refused(hosts, "--sync-limit", "10K")
    assert text.startswith("fastest: error: --sync: the project has 1") and "more than --sync-limit allows (10 KB)" in text
    assert "the biggest: 9.8 KB tests/data.bin, " in text and "hint: .gitignore" in text
    assert "512M" in refused(hosts, "--sync-limit", "much")


def test_a_link_that_leaves_the_project_is_refused(hosts):
    (hosts.root / "out").symlink_to("../elsewhere")
    assert "--sync: out is a link that leaves the root directory (to ../elsewhere; hint: .gitignore it)" in refused(hosts)


def test_a_file_that_changes_before_it_is_sent_is_named(hosts):
    coordinator = hosts.coordinator()
    hosts.write("src/pkg.py", "def one(): return 3\n")
    agent = hosts.agent()
    assert agent.wait(LIMIT) == 78
    assert f"{hosts.root}/src/pkg.py has changed on the coordinator since the run began" in agent.stderr.read()
    coordinator.send_signal(signal.SIGTERM)
    coordinator.wait(LIMIT)


def test_an_agent_takes_no_more_than_it_allows(hosts):
    hosts.coordinator()
    agent = hosts.agent("--sync-limit", "1K")
    assert agent.wait(LIMIT) == 78
    assert "more than --sync-limit allows here (1.0 KB)" in agent.stderr.read()
    assert not hosts.store.exists()


ZERO = "0" * 64
ONE = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"  # Of nothing.


def tar(name: str, kind: bytes, link: str = "", content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname, entry.size, entry.mode = kind, link, len(content), 0o4777
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize(
    ("tree", "bundle", "directory", "why"),
    [
        (f"f 644 0 {ONE} ../escaped", b"", "", "../escaped has a part that is no name"),
        (f"f 644 0 {ONE} /tmp/escaped", b"", "", "/tmp/escaped is absolute"),
        (f"f 4755 0 {ONE} escaped", b"", "", "has a mode beyond rwx"),
        (f"l .. a\nf 644 0 {ONE} a/escaped", b"", "", "a is a link that leaves the root directory"),
        (f"l b a\nf 644 0 {ONE} a/escaped", b"", "", "a/escaped lies below a, which is no folder"),
        (f"f 644 0 {ONE} a", b"", "../..", "its directory has a part that is no name"),
        (f"f 644 9999999999999 {ONE} a", b"", "", "more than --sync-limit allows here"),
        (f"f 644 0 {ONE} a", b"garbage", "", "the bundle is damaged"),
        (f"f 644 0 {ONE} a", tar("../../escaped", tarfile.REGTYPE), "", "something that was not asked for"),
        (f"f 644 0 {ONE} a", tar(ONE, tarfile.SYMTYPE, "../../escaped"), "", "something that was not asked for"),
        (f"f 644 0 {ONE} a", tar(ONE, tarfile.LNKTYPE, "/etc/passwd"), "", "something that was not asked for"),
        (f"f 644 0 {ONE} a", tar(ONE, tarfile.CHRTYPE), "", "something that was not asked for"),
        (f"f 644 1 {ZERO} a", tar(ZERO, tarfile.REGTYPE, "", b"x"), "", "not what its digest says"),
        (f"f 644 0 {ONE} a", tar(ONE, tarfile.REGTYPE, "", b"x"), "", "another size"),
    ],
)
def test_a_hostile_coordinators_code_is_refused_and_nothing_written(hosts, tree, bundle, directory, why):
    (hosts.base / "tree").write_text("fastest tree 1\n" + tree + "\n")
    (hosts.base / "bundle").write_bytes(bundle)
    tool = Path(PROGRAM).parent / "hostile_coordinator"
    if not tool.exists():
        pytest.skip(f"{tool} is not built")
    command = [str(tool), str(hosts.base / "tree"), str(hosts.base / "bundle"), directory]
    hostile = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    hosts.processes.append(hostile)
    hosts.endpoint = hostile.stdout.readline().strip()
    agent = hosts.agent()
    assert agent.wait(LIMIT) == 78
    assert why in agent.stderr.read()
    assert not list(hosts.base.rglob("*escaped*"))
    assert [path.name for path in hosts.store.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_an_agent_that_was_killed_while_it_fetched_begins_anew(hosts):
    (hosts.root / "big.bin").write_bytes(os.urandom(24 << 20))
    coordinator = hosts.coordinator("-n", "2")
    victim = hosts.agent()
    while not any(path.stat().st_size > 1 << 20 for path in hosts.store.glob("incoming.*")):
        assert victim.poll() is None
        time.sleep(0.005)
    victim.kill()
    agent = hosts.agent()
    assert agent.wait(LIMIT) == 0, agent.stderr.read()
    assert coordinator.wait(LIMIT) == 1
    assert hosts.reports() == hosts.expected()
