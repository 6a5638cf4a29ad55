"""A coordinator and agents, each where the network matters in a namespace of its own, and a suite that tells what ran.

The coordinator's namespace holds a bridge, each agent's has a veth to it; faults are nftables rules in the agent's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "acceptance"))
from running import PROGRAM, PYTHON, environment

LIMIT = 150.0
SUITE = """
import os, time, pytest
@pytest.mark.parametrize("n", range({tests}))
def test(n, request):
    with open({ran!r}, "a") as file:
        file.write(request.node.nodeid + "\\n")
    {body}
"""


def can_use_namespaces() -> bool:
    if os.getuid() != 0 or not shutil.which("nft") or not shutil.which("ip"):
        return False
    name = f"ftprobe{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return False
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return True


def sh(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=20)


class Machine:
    """A namespace, or nothing but a name (``namespace`` None: this machine, by loopback)."""

    def __init__(self, namespace: str | None) -> None:
        self.namespace = namespace

    def command(self, words: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *words] if self.namespace else words

    def filter(self, rule_in: str, rule_out: str) -> None:
        """Both directions of this machine's traffic beyond its own loopback."""
        self.heal()
        rules = f"""
table inet fault {{
  chain inward {{
    type filter hook input priority 0; policy accept;
    iifname "lo" accept
    {rule_in}
  }}
  chain outward {{
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    {rule_out}
  }}
}}
"""
        subprocess.run(self.command(["nft", "-f", "-"]), input=rules, text=True, check=True, capture_output=True, timeout=20)

    def cut(self) -> None:
        self.filter("drop", "drop")

    def heal(self) -> None:
        subprocess.run(self.command(["nft", "delete", "table", "inet", "fault"]), capture_output=True, timeout=20)


class Lab:
    def __init__(self, base: Path, *, network: bool = True, files: int = 3, tests: int = 10, body: str = "time.sleep(0.3)") -> None:
        self.base, self.network = base, network
        self.root = base / "project"
        self.root.mkdir()
        self.ran, self.log = base / "ran", base / "log.jsonl"
        self.ids = [f"test_{f}.py::test[{n}]" for f in range(files) for n in range(tests)]
        for f in range(files):
            (self.root / f"test_{f}.py").write_text(SUITE.format(tests=tests, ran=str(self.ran), body=body))
        self.secret = base / "join.secret"
        self.secret.write_text("a join secret that is long enough\n")
        self.secret.chmod(0o600)
        self.keys = ["--join-secret", str(self.secret)]
        self.env = environment(base, {})
        self.tag = uuid.uuid4().hex[:6]
        self.port = 20000 + int(self.tag, 16) % 12000  # Below those that systems give to clients.
        self.prefix: list[str] = []  # What starts the next processes: a program with its arguments.
        self.processes: list[subprocess.Popen] = []
        self.namespaces: list[str] = []
        self.home = Machine(self._namespace("c") if network else None)
        if network:
            inside = self.home.command
            sh(*inside(["ip", "link", "add", "br0", "type", "bridge"]))
            sh(*inside(["ip", "addr", "add", "10.77.0.1/24", "dev", "br0"]))
            sh(*inside(["ip", "link", "set", "br0", "up"]))
        self.endpoint = f"tcp://{'10.77.0.1' if network else '127.0.0.1'}:{self.port}"

    def _namespace(self, name: str) -> str:
        full = f"ft{self.tag}{name}"
        sh("ip", "netns", "add", full)
        self.namespaces.append(full)
        sh("ip", "-n", full, "link", "set", "lo", "up")
        return full

    def machine(self) -> Machine:
        """One more host."""
        if not self.network:
            return Machine(None)
        number = len(self.namespaces)
        namespace = self._namespace(str(number))
        ours, theirs = f"v{self.tag}{number}", f"w{self.tag}{number}"
        sh("ip", "-n", self.home.namespace, "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", namespace)
        sh("ip", "-n", self.home.namespace, "link", "set", ours, "master", "br0", "up")
        sh("ip", "-n", namespace, "addr", "add", f"10.77.0.{number + 1}/24", "dev", theirs)
        sh("ip", "-n", namespace, "link", "set", theirs, "up")
        return Machine(namespace)

    # ---- processes ----

    def start(self, machine: Machine, words: list[str], name: str, cwd: Path | None = None) -> subprocess.Popen:
        out = open(self.base / f"{name}.out", "w+b")
        process = subprocess.Popen(
            machine.command([*self.prefix, PROGRAM, *words]), cwd=cwd or self.root, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        process.said = Path(out.name)
        out.close()
        self.processes.append(process)
        return process

    def coordinator(self, *args: str, name: str = "coordinator") -> subprocess.Popen:
        listen = self.endpoint.replace("10.77.0.1", "0.0.0.0")
        words = ["coordinator", "--listen", listen, "--python", PYTHON, *self.keys, "--report-log", str(self.log), "-v", *args]
        return self.start(self.home, words, name)

    def agent(
        self, machine: Machine, *args: str, name: str = "agent", workers: int = 2, keys: list[str] | None = None, endpoint: str = ""
    ) -> subprocess.Popen:
        words = ["agent", "--connect", endpoint or self.endpoint, "-n", str(workers), "--python", PYTHON, "--name", name]
        return self.start(machine, [*words, *(self.keys if keys is None else keys), *args], name)

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        for namespace in self.namespaces:
            pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True).stdout.split()
            for pid in pids:  # What a killed agent left behind in it.
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True)

    # ---- what happened ----

    def runs(self) -> Counter:
        """How often each test was begun."""
        return Counter(self.ran.read_text().split()) if self.ran.exists() else Counter()

    def two_agents(self, *args: str) -> tuple:
        """A coordinator that waits for two agents, on machines of their own, when the first tests have run."""
        here, there = self.machine(), self.machine()
        coordinator = self.coordinator("--expect-agents", "2", *args)
        agents = [self.agent(here, name="one"), self.agent(there, name="two")]
        self.wait_for_runs(4)
        return coordinator, agents, (here, there)

    def wait_for_runs(self, number: int, limit: float = 60) -> None:
        until = time.monotonic() + limit
        while sum(self.runs().values()) < number:
            assert time.monotonic() < until, f"only {sum(self.runs().values())} tests have begun\n{self.words()}"
            time.sleep(0.05)

    def wait_until_listening(self, coordinator: subprocess.Popen) -> None:
        until = time.monotonic() + 30
        while "listens on" not in coordinator.said.read_text():
            assert time.monotonic() < until, self.words()
            time.sleep(0.01)

    def words(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in sorted(self.base.glob("*.out")))

    def wait(self, process: subprocess.Popen, limit: float = LIMIT) -> int:
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{process.said.stem} did not end in {limit} s\n{self.words()}") from None

    def failed(self) -> list[str]:
        """The report log's lines of failed reports."""
        return [line for line in self.log.read_text().splitlines() if json.loads(line).get("outcome") == "failed"]

    def check(self, coordinator: subprocess.Popen, exit_code: int = 0) -> None:
        """Each test reported exactly once, whatever broke."""
        assert self.wait(coordinator) == exit_code, self.words()
        lines = map(json.loads, self.log.read_text().splitlines())
        reports = Counter((line["nodeid"], line["when"]) for line in lines if line["$report_type"] == "TestReport")
        assert reports == Counter((node_id, when) for node_id in self.ids for when in ("setup", "call", "teardown")), self.words()
