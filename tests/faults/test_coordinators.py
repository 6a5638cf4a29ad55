"""Coordinators that are ended, killed, starved or doubled: each test is reported exactly once, or an error says why not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time

import pytest

SEED = int(os.environ.get("FASTEST_FAULTS_SEED", "1"))


def test_sigterm_ends_a_run_like_ctrl_c_and_says_how_to_go_on(make_lab):
    lab = make_lab(network=False, tests=8, body="time.sleep(0.3)")
    coordinator = lab.coordinator("--run-id", "R", "--expect-agents", "2")
    agents = [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    lab.wait_for_runs(6)
    coordinator.send_signal(signal.SIGTERM)
    assert lab.wait(coordinator, 20) == 2, lab.words()
    said = coordinator.said.read_text()
    assert "terminated" in said and "--resume R" in said, said
    assert [lab.wait(agent, 20) for agent in agents] == [0, 0], lab.words()
    begun = sum(lab.runs().values())
    again = lab.coordinator("--run-id", "R", "--resume", "R", "--expect-agents", "1", name="again")
    agent = lab.agent(lab.machine(), name="three")
    lab.check(again)
    assert lab.wait(agent) == 0
    assert sum(lab.runs().values()) - len(lab.ids) <= 4, "what has a result ran again"
    assert begun < len(lab.ids)


PHASES = ["listening", "loading", "first test", "midst", "last tests"]


@pytest.mark.long
@pytest.mark.parametrize("phase", PHASES)
def test_a_coordinator_that_is_killed_in_any_phase_is_followed_by_one_that_ends_the_run(make_lab, phase):
    lab = make_lab(network=False, tests=8, body="time.sleep(0.2)")
    words = ["--run-id", "R", "--resume", "R", "--expect-agents", "2"]
    coordinator = lab.coordinator(*words)
    lab.wait_until_listening(coordinator)
    agents = [] if phase == "listening" else [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    if phase == "loading":
        time.sleep(random.Random(SEED).uniform(0, 0.5))
    elif phase != "listening":
        lab.wait_for_runs({"first test": 1, "midst": 12, "last tests": len(lab.ids)}[phase])
    coordinator.kill()
    coordinator.wait()
    again = lab.coordinator(*words, name="again")
    agents = agents or [lab.agent(lab.machine(), name=name) for name in ("one", "two")]
    lab.check(again)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert max(lab.runs().values()) <= 2


def test_a_second_coordinator_on_the_same_port_ends_with_the_reason(make_lab):
    lab = make_lab(network=False, files=1, tests=8, body="time.sleep(0.2)")
    coordinator = lab.coordinator()
    agent = lab.agent(lab.machine())
    lab.wait_for_runs(1)
    log, lab.log = lab.log, lab.base / "other.jsonl"
    second = lab.coordinator(name="second")
    assert lab.wait(second, 20) == 4, lab.words()
    said = second.said.read_text()
    assert said.count("fastest: error:") == 1 and str(lab.port) in said and "in use" in said, said
    lab.log = log
    lab.check(coordinator)
    assert lab.wait(agent) == 0


@pytest.mark.long
def test_a_coordinator_out_of_descriptors_takes_agents_again_when_there_are_some(make_lab):
    lab = make_lab(network=False, tests=10, body="time.sleep(0.3)")
    lab.prefix = ["prlimit", "--nofile=48:48"]
    coordinator = lab.coordinator()
    lab.prefix = []
    first = lab.agent(lab.machine(), name="first")
    lab.wait_for_runs(2)
    idle = [socket.create_connection(("127.0.0.1", lab.port), 5) for _ in range(80)]
    second = lab.agent(lab.machine(), name="second")
    time.sleep(3)
    for connection in idle:
        connection.close()
    lab.check(coordinator)
    assert lab.wait(first) == 0, lab.words()
    assert lab.wait(second, 30) in (0, 75), lab.words()
    assert "first is lost" not in coordinator.said.read_text()


SHIM = r"""
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
// The wall clock is %d seconds off once FILE is there; the monotonic one is nobody's to change.
static long off(void) { struct stat s; return stat("FILE", &s) == 0 ? (JUMP) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
  int done = (int)syscall(SYS_clock_gettime, id, t);
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) t->tv_sec += off();
  return done;
}
int gettimeofday(struct timeval *restrict t, void *restrict z) {
  struct timespec now; (void)z; clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec; t->tv_usec = now.tv_nsec / 1000; return 0;
}
time_t time(time_t *t) { struct timespec now; clock_gettime(CLOCK_REALTIME, &now); if (t) *t = now.tv_sec; return now.tv_sec; }
"""


@pytest.mark.parametrize("jump", [3600, -3600])
@pytest.mark.parametrize("who", ["coordinator", "agent"])
@pytest.mark.long
def test_a_wall_clock_that_jumps_by_an_hour_does_no_harm(make_lab, who, jump):
    compiler = shutil.which("cc") or pytest.skip("no C compiler")
    lab = make_lab(network=False, files=2, tests=8, body="time.sleep(0.2)")
    library, switch = lab.base / "shim.so", lab.base / "jumped"
    code = SHIM.replace("FILE", str(switch)).replace("JUMP", str(jump)).replace("%d", str(jump))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, "-xc", "-"], input=code, text=True, check=True, capture_output=True)
    plain, shimmed = lab.env, {**lab.env, "LD_PRELOAD": str(library)}
    lab.env = shimmed if who == "coordinator" else plain
    coordinator = lab.coordinator("--expect-agents", "2")
    lab.env = shimmed if who == "agent" else plain
    agents = [lab.agent(lab.machine(), name="one")]
    lab.env = plain
    agents.append(lab.agent(lab.machine(), name="two"))
    lab.wait_for_runs(4)
    switch.touch()
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1} and "is lost" not in coordinator.said.read_text()


def test_machines_that_were_started_at_other_times_have_other_clocks(make_lab):
    lab = make_lab(network=False, files=2, tests=8, body="time.sleep(0.1)")
    ahead = ["unshare", "-T", "--monotonic", "864000", "--boottime", "864000", "--"]
    if subprocess.run([*ahead, "true"], capture_output=True).returncode != 0:
        pytest.skip("no time namespaces here")
    coordinator = lab.coordinator("--expect-agents", "2")
    lab.prefix = ahead
    agents = [lab.agent(lab.machine(), name="ahead")]
    lab.prefix = []
    agents.append(lab.agent(lab.machine(), name="here"))
    lab.check(coordinator)
    assert [lab.wait(agent) for agent in agents] == [0, 0], lab.words()
    assert set(lab.runs().values()) == {1}
