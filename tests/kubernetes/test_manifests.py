"""What `fastest k8s manifest` prints and what lies in deploy/kubernetes: valid, safe, and the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # The import mode here may be importlib.

from checker import ROOT, VERSIONS, complaints, load  # noqa: E402

PROGRAM = os.environ.get("FASTEST") or str(ROOT / "build" / "fastest")
BASE = ROOT / "deploy" / "kubernetes"
VARIANTS = {
    "plain": [],
    "one pod": ["--agents", "1"],
    "all options": [
        *("--image", "reg.example:5000/a/b@sha256:" + "0" * 64, "--agents", "400", "--namespace", "ci", "--name", "null"),
        *("--cpu", "500m", "--memory", "512Mi", "--run-id", "1e5", "--deadline", "60", "--grace", "5", "--ttl", "1"),
        *("--claim", "1e6", "--secret-name", "yes", "--workdir", "/a: b", "--user", "1000", "--writable", "--any-egress"),
    ],
    "odd words": ["--", "-k", "a: #b 'c' \"d\" $(HOME) \u00e9 \\n\n\tx", "--junitxml=x.xml", "-", "null", "1", "{}", "*"],
}


def manifest(*words: str) -> str:
    return subprocess.run([PROGRAM, "k8s", "manifest", *words], capture_output=True, text=True, check=True).stdout


def by_kind(text: str) -> dict[str, dict]:
    documents = load(text)
    assert len({one["kind"] for one in documents}) == len(documents)
    return {one["kind"]: one for one in documents}


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("manifests")
    for name, words in VARIANTS.items():
        (folder / f"{name}.yaml").write_text(manifest(*words))
    return sorted(folder.iterdir())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_variant_is_valid(printed, version):
    assert not complaints([*printed, *(BASE / name for name in ("job.yaml", "service.yaml", "networkpolicy.yaml"))], version)


def test_the_check_finds_what_a_server_would(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(manifest().replace("backoffLimitPerIndex", "backofLimitPerIndex"))
    assert "backofLimitPerIndex" in complaints([wrong], VERSIONS[0])


def test_words_arrive_as_they_were_given():
    words = VARIANTS["odd words"][1:]
    args = by_kind(manifest(*VARIANTS["odd words"]))["Job"]["spec"]["template"]["spec"]["containers"][0]["args"]
    plain = [word.replace("$$", "$") for word in args[-len(words) :]]
    words[2] = "--junitxml=/var/lib/fastest/reports/$(FASTEST_RUN_ID)/x.xml"
    assert plain == words


def test_names_that_look_like_something_else_stay_names():
    objects = by_kind(manifest(*VARIANTS["all options"]))
    assert objects.keys() == {"Service", "NetworkPolicy", "Job"}  # The Secret is another's.
    assert {one["metadata"]["name"] for one in objects.values()} == {"null"}
    pod = objects["Job"]["spec"]["template"]["spec"]
    assert pod["subdomain"] == "null"
    assert [volume for volume in pod["volumes"] if volume["name"] != "tmp"] == [
        {"name": "state", "persistentVolumeClaim": {"claimName": "1e6"}},
        {"name": "join", "secret": {"secretName": "yes", "defaultMode": 0o440}},
    ]


def test_the_kustomize_base_is_what_the_command_prints():
    printed = by_kind(manifest())
    secret = printed.pop("Secret")
    kept = by_kind("---\n".join((BASE / f"{kind.lower()}.yaml").read_text() for kind in printed))
    assert kept == printed
    kustomization = load((BASE / "kustomization.yaml").read_text())[0]
    assert sorted(kustomization["resources"]) == sorted(f"{kind.lower()}.yaml" for kind in printed)
    (generator,) = kustomization["secretGenerator"]
    assert (generator["name"], generator["options"]["labels"]) == (secret["metadata"]["name"], secret["metadata"]["labels"])
    assert [one.split("=")[0] for one in generator["files"]] == list(secret["stringData"])


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_makes_the_base_into_valid_objects(tmp_path):
    shutil.copytree(BASE, tmp_path / "base")
    (tmp_path / "base" / "join.secret").write_text("0" * 64 + "\n")
    made = subprocess.run(["kubectl", "kustomize", tmp_path / "base"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    (tmp_path / "made.yaml").write_text(made.stdout)
    assert not complaints([tmp_path / "made.yaml"], VERSIONS[1])
    assert by_kind(made.stdout).keys() == by_kind(manifest()).keys()


def test_pods_may_as_little_as_possible():
    job = by_kind(manifest())["Job"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert not pod["automountServiceAccountToken"] and not pod["enableServiceLinks"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["resources"]["limits"] == container["resources"]["requests"]
    grace = next(re.fullmatch(r"--grace=(\d+)", word) for word in container["args"] if "--grace" in word)
    assert pod["terminationGracePeriodSeconds"] > int(grace[1])


def test_no_secret_is_in_a_command_or_in_the_environment():
    objects = by_kind(manifest())
    secret = objects["Secret"]["stringData"]["secret"]
    assert len(secret) == 64 and secret not in str(objects["Job"])
    assert manifest().count("kind: Secret") == 1
    assert by_kind(manifest())["Secret"]["stringData"]["secret"] != secret


def test_only_the_outcomes_of_a_run_end_the_job():
    rules = by_kind(manifest())["Job"]["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in rules] == ["Ignore", "FailJob", "FailIndex"]
    assert rules[1]["onExitCodes"]["operator"] == "NotIn"  # The suite may end with any code: pytest.exit("…", 9).
    assert rules[1]["onExitCodes"]["values"] == [75, 78, *range(128, 144), 255]
    assert rules[2]["onExitCodes"]["values"] == [78]
