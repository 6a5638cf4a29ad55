"""Strangers and agents that should not be there: refused with the reason, the run unharmed."""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest
from lab import PROGRAM

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))


def keygen(lab, *args: str) -> Path:
    out = lab.base / "keys"
    subprocess.run([PROGRAM, "keygen", "--out", str(out), *args], check=True, capture_output=True)
    return out


def test_keys_are_made_for_their_owner_alone_and_never_twice(make_lab):
    lab = make_lab(network=False)
    keys = keygen(lab)
    modes = {path.name: path.stat().st_mode & 0o777 for path in keys.iterdir()}
    assert modes == {"coordinator.key": 0o600, "agent.key": 0o600, "coordinator.pub": 0o644, "agents.allow": 0o644}
    again = subprocess.run([PROGRAM, "keygen", "--out", str(keys)], text=True, capture_output=True)
    assert again.returncode == 4 and "File exists" in again.stderr


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_helps(make_lab):
    lab = make_lab(network=False)
    lab.secret.chmod(0o644)
    answer = subprocess.run([PROGRAM, "agent", "--connect", lab.endpoint, *lab.keys], text=True, capture_output=True, env=lab.env)
    assert answer.returncode == 78
    assert f"hint: chmod 600 {lab.secret}" in answer.stderr


def test_listed_keys_get_in_and_others_are_told_why_within_ten_seconds(make_lab):
    lab = make_lab(network=False, files=1, tests=8, body="time.sleep(0.1)")
    keys = keygen(lab)
    other = lab.base / "other"
    subprocess.run([PROGRAM, "keygen", "--out", str(other)], check=True, capture_output=True)
    lab.keys = ["--key-file", str(keys / "coordinator.key"), "--allow-keys", str(keys / "agents.allow")]
    coordinator = lab.coordinator()
    began = time.monotonic()
    known = ["--coordinator-key", str(keys / "coordinator.pub")]
    refused = {
        "unlisted": lab.agent(lab.machine(), name="unlisted", keys=["--key-file", str(other / "agent.key"), *known]),
        "wrong": lab.agent(
            lab.machine(), name="wrong", keys=["--key-file", str(keys / "agent.key"), "--coordinator-key", str(other / "coordinator.pub")]
        ),
        "none": lab.agent(lab.machine(), name="none", keys=[]),
    }
    assert {name: lab.wait(agent, 20) for name, agent in refused.items()} == dict.fromkeys(refused, 78), lab.words()
    assert time.monotonic() - began < 12
    assert "its allow-list does not have it" in refused["unlisted"].said.read_text()
    assert "no coordinator with the key" in refused["wrong"].said.read_text()
    assert "no coordinator that talks without keys" in refused["none"].said.read_text()
    listed = lab.agent(lab.machine(), name="listed", keys=["--key-file", str(keys / "agent.key"), *known])
    lab.check(coordinator)
    assert lab.wait(listed) == 0, lab.words()
    said = coordinator.said.read_text()
    assert said.count("warning: 127.0.0.1 was turned away") == 1, said


def test_garbage_half_handshakes_and_idle_connections_do_no_harm(make_lab):
    lab = make_lab(network=False, files=1, tests=10, body="time.sleep(0.1)")
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine())
    lab.wait_for_runs(1)
    chance = random.Random(SEED)
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(48)
    sayings = [b"", b"GET / HTTP/1.1\r\n\r\n", greeting, greeting[:20], b"\xff" * 10]
    idle = []
    for number in range(60):
        with socket.create_connection(("127.0.0.1", lab.port), 5) as stranger:
            try:
                stranger.sendall(sayings[number % 5] + chance.randbytes(chance.randrange(2000)))
            except OSError:
                pass  # It was turned away already.
            if number % 3 == 0:
                idle.append(socket.create_connection(("127.0.0.1", lab.port), 5))
    lab.check(coordinator)
    assert lab.wait(agent) == 0, lab.words()
    said = coordinator.said.read_text()
    # Once by address, and once for those who were gone before their address could be asked for.
    assert said.count("127.0.0.1 was turned away") <= 1 and said.count("somebody was turned away") <= 1, said
    for connection in idle:
        connection.close()


def test_an_agent_with_other_code_is_refused_by_the_names_of_the_files(make_lab):
    lab = make_lab(network=False, files=1, tests=4, body="pass")
    copy = lab.base / "copy"
    shutil.copytree(lab.root, copy)
    (copy / "test_0.py").write_text("def test(): pass\n")
    (copy / "conftest.py").write_text("")
    coordinator = lab.coordinator()
    words = ["agent", "--connect", lab.endpoint, "-n", "1", *lab.keys]
    refused = lab.start(lab.machine(), words, "refused", cwd=copy)
    assert lab.wait(refused, 30) == 78, lab.words()
    said = refused.said.read_text()
    assert "test_0.py differs" in said and "conftest.py is here alone" in said and "--allow-skew code" in said
    agent = lab.agent(lab.machine())
    lab.check(coordinator)
    assert lab.wait(agent) == 0


@pytest.mark.parametrize("seed", [SEED, pytest.param(SEED + 1, marks=pytest.mark.long), pytest.param(SEED + 2, marks=pytest.mark.long)])
def test_a_hostile_agent_with_the_right_key_is_dropped_and_the_run_unharmed(make_lab, seed):
    tool = Path(PROGRAM).with_name("hostile_agent")
    if not tool.exists():
        pytest.skip(f"{tool} is not built")
    lab = make_lab(network=False, files=2, tests=12, body="time.sleep(0.15)")
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine(), name="honest")
    lab.wait_for_runs(1)
    hostile = subprocess.run(
        [tool, lab.endpoint, lab.secret.read_text().strip(), str(seed), "3"], text=True, capture_output=True, timeout=60
    )
    assert hostile.returncode == 0, hostile.stderr
    lab.check(coordinator)
    assert lab.wait(agent) == 0, lab.words()
    status = coordinator.said.read_text(errors="replace")  # It prints what an agent says that its tests print.
    assert "nonsense" in status, status + hostile.stdout


def test_a_port_scan_does_no_harm(make_lab):
    lab = make_lab(network=False, files=1, tests=12, body="time.sleep(0.15)")
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine())
    lab.wait_for_runs(1)
    linger = struct.pack("ii", 1, 0)  # Closed by a reset, as scanners do.
    for number in range(600):
        with socket.create_connection(("127.0.0.1", lab.port), 5) as stranger:
            if number % 2 == 0:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    lab.check(coordinator)
    assert lab.wait(agent) == 0, lab.words()
    assert len(coordinator.said.read_text().splitlines()) < 60, "a line for each stranger"


@pytest.mark.long
def test_strangers_that_send_a_byte_now_and_then_keep_no_agent_out(make_lab):
    lab = make_lab(network=False, files=2, tests=12, body="time.sleep(0.25)")
    coordinator = lab.coordinator("--expect-agents", "2")
    lab.wait_until_listening(coordinator)
    first = lab.agent(lab.machine(), name="first")
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(48)
    slow = [socket.create_connection(("127.0.0.1", lab.port), 5) for _ in range(150)]
    second = None
    for number, byte in enumerate(greeting[:40]):
        for stranger in slow:
            try:
                stranger.send(bytes([byte]))
            except OSError:
                pass  # Turned away.
        if number == 5:
            second = lab.agent(lab.machine(), name="second")
        time.sleep(0.15)
    lab.check(coordinator)
    assert [lab.wait(first), lab.wait(second)] == [0, 0], lab.words()
    for stranger in slow:
        stranger.close()
