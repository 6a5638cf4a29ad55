#!/usr/bin/env python3
"""Stands for `fastest -n 4 …` and runs it on two hosts: two agents of two workers, each in a network namespace of its own.

    FASTEST=build/fastest bench/two_hosts.py [-n ANY] --python PYTHON [arguments of fastest …]

For the corpus (`check.py --fastest bench/two_hosts.py click`) and for bench_two_hosts.py. Needs root, iproute2.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

PROGRAM = os.environ.get("FASTEST") or str(Path(__file__).resolve().parents[1] / "build" / "fastest")
PORT = 5570


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Network:
    """A coordinator's namespace with a bridge, and two hosts' on it."""

    def __init__(self) -> None:
        tag = f"fb{uuid.uuid4().hex[:5]}"
        self.names = [f"{tag}c", f"{tag}1", f"{tag}2"]
        for name in self.names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        home = self.names[0]
        ip("-n", home, "link", "add", "br0", "type", "bridge")
        ip("-n", home, "addr", "add", "10.78.0.1/24", "dev", "br0")
        ip("-n", home, "link", "set", "br0", "up")
        for number, name in enumerate(self.names[1:], 2):
            ip("-n", home, "link", "add", f"v{tag}{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", home, "link", "set", f"v{tag}{number}", "master", "br0", "up")
            ip("-n", name, "addr", "add", f"10.78.0.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")

    def start(self, host: int, words: list[str], **options) -> subprocess.Popen:
        return subprocess.Popen(["ip", "netns", "exec", self.names[host], PROGRAM, *words], stdin=subprocess.DEVNULL, **options)

    def end(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def main(words: list[str]) -> int:
    if words[:1] == ["-n"]:
        words = words[2:]
    python = words[words.index("--python") + 1]
    network = Network()
    agents = []
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "secret")
        secret.write_text(uuid.uuid4().hex + uuid.uuid4().hex + "\n")
        secret.chmod(0o600)
        keys = ["--join-secret", str(secret)]
        try:
            coordinator = network.start(0, ["coordinator", "--listen", f"tcp://0.0.0.0:{PORT}", "--expect-agents", "2", "--state-dir", f"{folder}/state", *keys, *words])
            for host in (1, 2):
                agent = ["agent", "--connect", f"tcp://10.78.0.1:{PORT}", "-n", "2", "--python", python, "--name", f"host{host}", *keys]
                agents.append(network.start(host, agent))
            return coordinator.wait()
        finally:
            for agent in agents:
                try:
                    agent.wait(20)
                except subprocess.TimeoutExpired:
                    agent.kill()
            network.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
