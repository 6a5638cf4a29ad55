"""`fastest k8s run` against a kubectl that plays a cluster: what it asks for, what it tells, what it leaves."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from checker import ROOT  # noqa: E402

PROGRAM = os.environ.get("FASTEST") or str(ROOT / "build" / "fastest")
KUBECTL = Path(__file__).with_name("fake_kubectl.py")
JOB = {"kind": "Job", "status": {}}


def pod(name: str, **state) -> dict:
    annotations = {"batch.kubernetes.io/job-completion-index": "0"}
    metadata = {"name": name, "creationTimestamp": name, "annotations": annotations}
    return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [{"state": state}]}}


def running(name: str) -> dict:
    return pod(name, running={})


def ended(name: str, code: int) -> dict:
    return pod(name, terminated={"exitCode": code})


def failed(reason: str) -> dict:
    return {"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True", "reason": reason, "message": "so it is"}]}}


def report(name: str, content: bytes) -> str:
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    data = base64.b64encode(content).decode()
    return f"fastest-report begin {name} {len(content)} {digest}\nfastest-report data {data}\nfastest-report end {name}\n"


class Cluster:
    def __init__(self, base: Path) -> None:
        self.base, self.folder = base, base / "cluster"
        self.folder.mkdir()

    def start(self, *words: str, **script) -> subprocess.Popen:
        (self.folder / "script.json").write_text(json.dumps(script))
        env = {**os.environ, "FAKE_CLUSTER": str(self.folder)}
        command = [PROGRAM, "k8s", "run", "--kubectl", KUBECTL, *words]
        return subprocess.Popen(command, cwd=self.base, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words: str, **script) -> tuple[int, str, str]:
        process = self.start(*words, **script)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def calls(self, verb: str) -> list[dict]:
        return [call for call in map(json.loads, (self.folder / "calls.jsonl").read_text().splitlines()) if call["words"][0] == verb]


@pytest.fixture
def cluster(tmp_path):
    return Cluster(tmp_path)


def test_a_run_is_made_followed_and_taken_away_with_its_exit_code_and_reports(cluster):
    log = "2 failed\n" + report("r.xml", b"<xml/>\n") + report("cov.xml", b"more") + "fastest-report begin bad 9 x\n"
    code, out, err = cluster.run(
        *("--context", "c", "--namespace", "n", "--image", "i", "--", "tests", "--junitxml=out/r.xml"),
        get=[[JOB], [JOB, running("a")], [JOB, ended("a", 1)]],
        logs={"a": [[log, 0]]},
    )
    assert (code, err) == (1, "")
    (created,), (deleted,) = cluster.calls("create"), cluster.calls("delete")
    name = out.split()[2].rstrip(":")
    assert out.splitlines()[1:3] == ["2 failed", "fastest: report out/r.xml: 7 bytes"]
    assert (cluster.base / "out/r.xml").read_text() == "<xml/>\n"
    assert (cluster.base / "fastest-reports/cov.xml").read_bytes() == b"more"
    assert created["all"][:2] == ["--context=c", "--namespace=n"] and created["words"] == ["create", "-f", "-"]
    assert f'name: "{name}"' in created["input"]
    assert deleted["words"][1:] == ["--wait=false", "--ignore-not-found", f"secret/{name}-join", f"service/{name}", f"networkpolicy/{name}", f"job/{name}"]
    secret = created["input"].partition("  secret: ")[2].split('"')[1]
    assert len(secret) == 64 and secret not in out and not any(secret in str(call["all"]) for call in [created, deleted])


def test_a_coordinator_that_was_killed_is_followed_in_its_replacement(cluster):
    code, out, err = cluster.run(
        get=[[JOB, running("a")], [JOB, ended("a", 137)], [JOB, ended("a", 137)], [JOB, ended("a", 137), running("b")], [JOB, ended("b", 0)]],
        logs={"a": [["one\n", 0]], "b": [["two\n", 0]]},
    )
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == ["one", "two"]


def test_a_connection_that_breaks_costs_no_word_and_doubles_none(cluster):
    log = "one\ntwo\n" + report("r", b"x" * 3000)
    code, out, err = cluster.run(
        "--keep",
        get=[[JOB, running("a")], "the server is away", [JOB, running("a")], [JOB, ended("a", 0)]],
        logs={"a": [[log[:6], 1], [log[:200], 0], [log, 0]]},
    )
    assert (code, err) == (0, "")
    assert out.splitlines()[1:3] == ["one", "two"]
    assert (cluster.base / "fastest-reports/r").read_bytes() == b"x" * 3000
    assert not cluster.calls("delete")


def test_a_report_that_is_cut_off_is_told_and_not_kept(cluster):
    log = report("r.xml", b"<xml/>")
    code, out, err = cluster.run("--", "--json=r.xml", get=[[JOB, ended("a", 0)]], logs={"a": [[log[:100], 0]]})
    assert code == 3
    assert err.splitlines() == [
        "fastest: error: report r.xml: it came damaged or cut off, so that it is not kept",
        "fastest: error: k8s run: report r.xml did not come (the run's own exit code: 0)",
    ]
    assert not (cluster.base / "r.xml").exists()


def test_a_log_that_cannot_be_read_is_told(cluster):
    code, out, err = cluster.run(get=[[JOB, running("a")], [JOB, ended("a", 0)]], logs={"a": [["", 1]]})
    assert (code, err) == (0, "fastest: error: k8s run: the log of a can't be read: \n")


def test_how_a_cluster_ends_a_run_is_told(cluster):
    waits = pod("a", waiting={"reason": "ErrImagePull", "message": "no such image"})
    code, out, err = cluster.run(get=[[JOB, waits], [JOB, waits], [failed("DeadlineExceeded"), waits]])
    assert code == 3
    assert out.count("waits: ErrImagePull: no such image") == 1
    assert err == "fastest: error: k8s run: the job failed: DeadlineExceeded: so it is\n"
    assert len(cluster.calls("delete")) == 1


def test_a_cluster_that_makes_nothing_is_quoted(cluster):
    code, out, err = cluster.run(create="Error from server (Forbidden): not you")
    assert (code, out) == (4, "")
    assert err == "fastest: error: k8s run: kubectl could not make the run: Error from server (Forbidden): not you\n"


def test_what_another_run_has_made_is_left_alone(cluster):
    code, _, err = cluster.run("--name", "x", create='Error from server (AlreadyExists): services "x" already exists')
    assert code == 4 and "AlreadyExists" in err
    assert not cluster.calls("delete")


def test_ctrl_c_takes_the_run_away(cluster):
    process = cluster.start(get=[[JOB, running("a")]], logs={"a": [None]})
    assert [process.stdout.readline() for _ in range(2)][1] == "it began\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (2, "fastest: error: interrupted\n")
    assert len(cluster.calls("delete")) == 1


def test_without_kubectl_the_other_way_is_named(tmp_path):
    done = subprocess.run([PROGRAM, "k8s", "run"], env={"PATH": str(tmp_path)}, text=True, capture_output=True)
    assert done.returncode == 4
    assert done.stderr == (
        "fastest: error: k8s run: cannot start kubectl: No such file or directory (hint: --kubectl PROGRAM, or fastest k8s manifest for what it would make)\n"
    )


def test_reports_come_out_of_a_log_that_was_kept(tmp_path):
    log = "text\n" + report("r.xml", b"<xml/>") + report("cut", b"x" * 100)[:150] + "\n"
    done = subprocess.run([PROGRAM, "k8s", "reports"], cwd=tmp_path, input=log, text=True, capture_output=True)
    assert done.returncode == 3
    assert done.stdout == "text\nfastest: report fastest-reports/r.xml: 6 bytes\n"
    assert done.stderr.startswith("fastest: error: report cut: ")
    assert (tmp_path / "fastest-reports/r.xml").read_text() == "<xml/>"


def test_a_pod_says_what_it_lacks_with_the_code_of_its_index(tmp_path):
    for index, code in (("0", 4), ("1", 78)):
        env = {**os.environ, "JOB_COMPLETION_INDEX": index}
        done = subprocess.run([PROGRAM, "k8s", "pod", "--agents=2"], env=env, text=True, capture_output=True)
        assert done.returncode == code and done.stderr.startswith("fastest: error: k8s pod: JOB_COMPLETION_INDEX, --agents=N or")
