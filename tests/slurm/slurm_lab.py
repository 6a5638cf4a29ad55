"""A real Slurm of four virtual nodes on this machine: its own munge, controller and four slurmd, in one folder.

Everything lies in the folder that it is given and on free ports, and it ends only processes that it started, by pid.
`python tests/slurm/slurm_lab.py FOLDER` brings one up, prints the SLURM_CONF to export, and takes it down on Enter.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

NODES = [f"n{number}" for number in range(1, 5)]
PROGRAMS = ["slurmctld", "slurmd", "munged", "srun", "salloc", "sbatch", "scancel", "squeue", "sinfo"]
LIMIT = 60.0

CONFIG = """
ClusterName=fastestlab
SlurmctldHost={host}({address})
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={base}/munge/socket
CredType=cred/munge
StateSaveLocation={base}/state
SlurmdSpoolDir={base}/spool/%n
SlurmctldPidFile={base}/slurmctld.pid
SlurmdPidFile={base}/slurmd-%n.pid
SlurmctldLogFile={base}/slurmctld.log
SlurmdLogFile={base}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=5
InactiveLimit=0
SlurmdParameters=config_overrides
NodeName={nodes} NodeHostname={host} NodeAddr={address} Port={ports} CPUs=8 RealMemory=500
PartitionName=main Nodes={nodes} Default=YES State=UP MaxTime=10
"""


def why_not() -> str:
    """Why there can be no lab here, or ""."""
    missing = [name for name in PROGRAMS if not _find(name)]
    if missing:
        return "not installed: " + ", ".join(missing) + " (Debian: slurm-wlm, munge)"
    return "" if os.getuid() == 0 else "slurmd needs root"


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmLab:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.processes: dict[str, subprocess.Popen] = {}
        for name in ("munge", "state", "spool"):
            (base / name).mkdir(parents=True, mode=0o700)
        controller, *slurmds = _free_ports(1 + len(NODES))
        one, rest = CONFIG.split("NodeName={nodes}")
        nodes, partition = rest.splitlines()[0], rest.splitlines()[1]
        words = {"host": socket.gethostname().split(".")[0], "address": "127.0.0.1", "base": base, "user": "root", "controller": controller}
        lines = [("NodeName={nodes}" + nodes).format(nodes=name, ports=port, **words) for name, port in zip(NODES, slurmds)]
        text = "\n".join([one.format(**words), *lines, partition.format(nodes=",".join(NODES)), ""])
        self.config = base / "slurm.conf"
        self.config.write_text(text)
        self.env = {**os.environ, "SLURM_CONF": str(self.config)}

    def _start(self, name: str, *words: str) -> None:
        log = open(self.base / f"{name}.out", "ab")
        self.processes[name] = subprocess.Popen([_find(words[0]), *words[1:]], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def up(self) -> None:
        munge = self.base / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o600)
        files = [f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed")]
        self._start("munged", "munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *files)
        self.wait_for(lambda: (munge / "socket").exists(), "munged")
        self._start("slurmctld", "slurmctld", "-D")
        for node in NODES:
            self.start_node(node)
        self.wait_for(lambda: self.idle() == len(NODES), "four idle nodes")

    def start_node(self, node: str) -> None:
        self._start(f"slurmd-{node}", "slurmd", "-D", "-N", node)

    def idle(self) -> int:
        answer = self.run("sinfo", "--Node", "--noheader", "--format=%N %t")
        return sum(line.split()[1] == "idle" for line in answer.stdout.splitlines())

    def jobs(self) -> list[str]:
        return self.run("squeue", "--noheader", "--format=%i").stdout.split()

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(words, env=self.env, text=True, capture_output=True, timeout=LIMIT)

    def wait_for(self, what, name: str, limit: float = LIMIT) -> None:
        until = time.monotonic() + limit
        while not what():
            assert time.monotonic() < until, f"no {name} after {limit} s\n{self.words()}"
            time.sleep(0.1)

    def words(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in sorted(self.base.glob("*.log")))

    def down(self) -> None:
        for job in self.jobs() if "slurmctld" in self.processes and self.processes["slurmctld"].poll() is None else []:
            self.run("scancel", job)
        until = time.monotonic() + 20
        while self.processes and "slurmctld" in self.processes and self.jobs() and time.monotonic() < until:
            time.sleep(0.2)
        for process in reversed(list(self.processes.values())):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


if __name__ == "__main__":
    if why_not():
        sys.exit(why_not())
    lab = SlurmLab(Path(sys.argv[1]))
    try:
        lab.up()
        print(f"export SLURM_CONF={lab.config}", flush=True)
        sys.stdin.readline()
    finally:
        lab.down()
