"""Real ssh servers on loopback: own ports, own host keys, own configuration, own users' keys; nothing of the machine's.

A "host" is an alias in a client configuration of its own. Servers and what they started are ended by pid.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "acceptance"))
from running import marked_processes

SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {base}/host_key
AuthorizedKeysFile {base}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
MaxStartups 100
AllowTcpForwarding {tunnels}
SetEnv {mark}
"""
CLIENT = """
Host {name}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {base}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {base}/known_hosts
  StrictHostKeyChecking yes
"""


def sshd() -> str | None:
    return shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Hosts:
    """`mark`: NAME=VALUE that everything started at a host has in its environment."""

    def __init__(self, base: Path, mark: str) -> None:
        self.base, self.mark = base, mark
        self.base.mkdir()
        self.config = base / "config"
        self.servers: dict[str, subprocess.Popen] = {}
        for key in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(base / key)], check=True)
        (base / "authorized_keys").write_text((base / "user_key.pub").read_text())
        self.config.touch()
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation wants it.

    def add(self, name: str, tunnels: str = "yes", known: bool = True) -> int:
        """A host and its server; the server's port."""
        port = free_port()
        config = self.base / f"sshd_{name}"
        config.write_text(SERVER.format(port=port, base=self.base, mark=self.mark, tunnels=tunnels))
        log = self.base / f"sshd_{name}.log"
        self.servers[name] = subprocess.Popen([sshd(), "-D", "-f", str(config), "-E", str(log)], stdin=subprocess.DEVNULL)
        if known:
            with open(self.base / "known_hosts", "a") as file:
                file.write(f"[127.0.0.1]:{port} {(self.base / 'host_key.pub').read_text()}")
        self.alias(name, port)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                assert self.servers[name].poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.02)

    def alias(self, name: str, port: int) -> None:
        with open(self.config, "a") as file:
            file.write(CLIENT.format(name=name, port=port, base=self.base, user=getpass.getuser()))

    def sessions(self, name: str) -> list[int]:
        """The server's processes, one (or two) a connection."""
        found = []
        parents = {self.servers[name].pid}
        for _ in range(2):
            for entry in Path("/proc").iterdir():
                try:
                    if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) in parents:
                        if (entry / "comm").read_text().strip() in ("sshd", "sshd-session"):
                            found.append(int(entry.name))
                except OSError:
                    continue
            parents |= set(found)
        return sorted(set(found))

    def agents(self) -> dict[int, str]:
        """What runs at the hosts, the servers themselves left out."""
        return marked_processes(self.mark.partition("=")[2])

    def end(self) -> None:
        for name, server in self.servers.items():
            for pid in self.sessions(name):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            server.kill()
            server.wait()
        for pid in self.agents():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
