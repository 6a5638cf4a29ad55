"""A Kubernetes that plays one Job on this machine: it starts what a printed manifest says, each pod's command, environment, host
name, user, limits and mounts in namespaces of its own (network, mount, pid, host name), and answers their ends as the Job's
controller does (restart rules, replacements with another address, success policy).

Not played: images, scheduling, NetworkPolicy, seccomp; pauses before replacements are short. A name is resolved by /etc/hosts,
which says of a headless Service what DNS would.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kubernetes"))

from checker import load  # noqa: E402
from lab import LIMIT, PROGRAM, PYTHON, Lab, sh  # noqa: E402

UID = "5e1f7a2c-0000-4000-8000-00000000f457"
WORKDIR, OUT = "/mnt/src", "/mnt/out"
ENTER = Path(__file__).with_name("pod_enter.sh")
CGROUPS = Path("/sys/fs/cgroup")


class Pod:
    """One incarnation of an index."""

    def __init__(self, index: int, number: int, process: subprocess.Popen, log: Path, state: Path, network: tuple[str, str]) -> None:
        self.index, self.number, self.process, self.log, self.state = index, number, process, log, state
        self.namespace, self.device = network
        self.evicted = self.killed = False

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """To its process 1; nothing where that has ended."""
        end = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < end:
            try:
                children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
                return os.kill(int(children[0]), number)
            except (IndexError, OSError):
                time.sleep(0.01)  # It has not begun yet, or is about to end.

    def kill(self) -> None:
        """As when its container is killed; all in it goes."""
        self.killed = self.process.poll() is None  # unshare(1) does not say so: some versions exit with 1.
        self.signal(signal.SIGKILL)
        self.process.wait(30)

    def exit_code(self) -> int | None:
        code = self.process.poll()
        return 137 if code is not None and self.killed else code


class Cluster(Lab):
    def __init__(self, base: Path, **suite) -> None:
        super().__init__(base, **suite)
        self.out, self.hosts = base / "out", base / "hosts"
        self.out.mkdir()
        self.out.chmod(0o777)
        self.hosts.write_text("127.0.0.1 localhost\n")
        for path in [self.root, *self.root.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o055)
        self.pods: dict[int, Pod] = {}
        self.ended: list[Pod] = []
        self.failures: dict[int, int] = {}
        self.done: set[int] = set()  # Indexes that are complete or have failed.
        self.result = ""  # Of the Job: "Complete", "Failed: …".
        self.claim: Path | None = None
        self.groups: list[Path] = []

    # ---- objects ----

    def apply(self, *words: str, claim: bool = False, agents: int = 3, cpu: str = "1") -> None:
        """What `fastest k8s manifest` prints, and all its pods."""
        own = ["--workdir", WORKDIR, "--agents", str(agents), "--cpu", cpu, "--grace", "10", *(["--claim", "kept"] if claim else [])]
        text = subprocess.run([PROGRAM, "k8s", "manifest", *own, "--", *words], capture_output=True, text=True, check=True).stdout
        objects = {one["kind"]: one for one in load(text)}
        self.job, self.service = objects["Job"]["spec"], objects["Service"]
        self.name = objects["Job"]["metadata"]["name"]
        self.secret_text = objects["Secret"]["stringData"]["secret"]
        if claim:
            self.claim = self._folder("claim")
        for index in range(self.job["completions"]):
            self._start(index)

    def _folder(self, name: str) -> Path:
        folder = self.base / name
        folder.mkdir()
        os.chown(folder, 10001, 10001)
        return folder

    def _words(self, container: dict, index: int) -> tuple[list[str], dict[str, str]]:
        labels = {"metadata.labels['batch.kubernetes.io/controller-uid']": UID}
        env = {"PATH": f"{Path(PROGRAM).parent}:{Path(PYTHON).parent}:/usr/bin:/bin", "JOB_COMPLETION_INDEX": str(index)}
        for one in container["env"]:
            env[one["name"]] = one["value"] if "value" in one else labels[one["valueFrom"]["fieldRef"]["fieldPath"]]
        expand = lambda word: re.sub(r"\$\$|\$\((\w+)\)", lambda found: "$" if found[0] == "$$" else env[found[1]], word)  # noqa: E731
        return [*container["command"], *map(expand, container["args"])], env

    def _group(self, cpu: str, name: str) -> Path | None:
        """A control group with the container's quota of processor time, or nothing where none can be made."""
        processors = float(cpu[:-1]) / 1000 if cpu.endswith("m") else float(cpu)
        v1 = CGROUPS / "cpu"
        group = (v1 if v1.is_dir() else CGROUPS) / name
        try:
            group.mkdir()
            self.groups.append(group)
            if v1.is_dir():
                (group / "cpu.cfs_quota_us").write_text(str(int(processors * 100_000)))
            else:
                (group / "cpu.max").write_text(f"{int(processors * 100_000)} 100000")
        except OSError:
            return None
        return group

    def _start(self, index: int) -> None:
        number = len(self.ended) + len(self.pods)
        machine = self.machine()
        address = f"10.77.0.{len(self.namespaces)}"
        hostname = f"{self.name}-{index}"
        others = [line for line in self.hosts.read_text().splitlines() if not line.endswith(f" {hostname}.{self.name}")]
        self.hosts.write_text("\n".join([*others, f"{address} {hostname}.{self.name}"]) + "\n")
        spec = self.job["template"]["spec"]
        (container,) = spec["containers"]
        words, env = self._words(container, index)
        state = self.claim or self._folder(f"state{number}")
        group = self._group(container["resources"]["limits"]["cpu"], f"ft{self.tag}{number}")
        settings = {
            "POD_OURS": Path(__file__).parents[2], "POD_HOSTNAME": hostname, "POD_HOSTS": self.hosts, "POD_STATE": state, "POD_PROJECT": self.root, "POD_OUT": self.out,
            "POD_USER": spec["securityContext"]["runAsUser"], "POD_SECRET": self.secret_text, "POD_GROUP": group or "",
            "POD_READ_ONLY": int(container["securityContext"]["readOnlyRootFilesystem"]), "POD_PYTHON": Path(PYTHON).resolve(),
            "POD_MOUNTS": " ".join(mount["mountPath"] for mount in container["volumeMounts"]), "PATH": os.environ["PATH"],
        }  # fmt: skip
        inside = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", str(ENTER)]
        assignments = [f"{name}={value}" for name, value in env.items()]
        log = self.base / f"{hostname}.{number}.out"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{machine.namespace}", *inside, *assignments, *words],
                env={name: str(value) for name, value in settings.items()},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.processes.append(process)
        if group:
            (group / "cgroup.procs").write_text(str(process.pid))
        process.said = log
        self.pods[index] = Pod(index, number, process, log, state, (machine.namespace, f"v{self.tag}{len(self.namespaces) - 1}"))

    # ---- what happens to pods ----

    def evict(self, index: int) -> Pod:
        """SIGTERM, and SIGKILL where that was not enough in the pod's grace period."""
        pod = self.pods[index]
        pod.evicted = True
        self._terminate(pod)
        return pod

    def _terminate(self, pod: Pod) -> None:
        if pod.exit_code() is not None:
            return
        pod.signal(signal.SIGTERM)
        try:
            pod.process.wait(self.job["template"]["spec"]["terminationGracePeriodSeconds"])
        except subprocess.TimeoutExpired:
            pod.kill()

    def lose_node(self, index: int) -> None:
        """The pod's machine is gone at once: no goodbye, no reset of its connections."""
        pod = self.pods[index]
        sh("ip", "-n", self.home.namespace, "link", "delete", pod.device)
        pod.kill()

    # ---- the controller ----

    def _action(self, pod: Pod, code: int) -> str:
        for rule in self.job["podFailurePolicy"]["rules"]:
            on_codes = rule.get("onExitCodes", {"operator": "In", "values": []})
            if (code in on_codes["values"]) == (on_codes["operator"] == "In") or (pod.evicted and "onPodConditions" in rule):
                return rule["action"]
        return "Count"

    def _take_end(self, pod: Pod, code: int) -> None:
        self.ended.append(self.pods.pop(pod.index))
        action = "Complete" if code == 0 else self._action(pod, code)
        if action in ("Complete", "FailIndex"):
            self.done.add(pod.index)
            if code == 0 and str(pod.index) == self.job["successPolicy"]["rules"][0]["succeededIndexes"]:
                self.result = "Complete"
        elif action == "FailJob":
            self.result = f"Failed: exit code {code} of index {pod.index}"
        else:
            self.failures[pod.index] = self.failures.get(pod.index, 0) + (action == "Count")
            if self.failures[pod.index] > self.job["backoffLimitPerIndex"]:
                self.done.add(pod.index)
                self.result = "Failed: index 0" if pod.index == 0 else ""  # What `k8s run` does by then.
            else:
                self._start(pod.index)

    def reconcile(self) -> None:
        for pod in list(self.pods.values()):
            code = pod.exit_code()
            if code is not None and not self.result:
                self._take_end(pod, code)
        if self.result:
            for pod in list(self.pods.values()):
                self._terminate(pod)
                self.ended.append(self.pods.pop(pod.index))

    def until(self, what, limit: float = LIMIT):
        """Plays on until `what()` is true; its value."""
        end = time.monotonic() + limit
        while not (found := what()):
            self.reconcile()
            assert time.monotonic() < end, f"not in {limit} s: {what}\n{self.words()}"
            time.sleep(0.05)
        return found

    def finish(self) -> str:
        self.until(lambda: self.result)
        self.reconcile()
        return self.result

    def codes(self, index: int) -> list[int]:
        return [pod.exit_code() for pod in self.ended if pod.index == index]

    def begun(self) -> int:
        """How many tests have begun."""
        return sum(self.runs().values())

    def end(self) -> None:
        super().end()
        for group in self.groups:
            try:
                group.rmdir()
            except OSError:
                pass


def can_play() -> bool:
    return all(map(shutil.which, ("nsenter", "unshare", "setpriv", "hostname", "mount")))
