"""--shard K/N and fastest merge: the shards of a run together are the run, and what is not whole is refused by name."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
import running
from running import results

pytestmark = pytest.mark.skipif(bool(running.STAND_IN), reason="what is promised here is ours")

TOTAL = 3
FILES = {
    "pytest.ini": "[pytest]\nmarkers = slow\n",
    "tests/test_params.py": "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_n(n): assert n != 4\n",
    "tests/test_class.py": "class TestA:\n    def test_1(self): pass\n    def test_2(self): pass\ndef test_f(): pass\n",
    "tests/test_skip.py": "import pytest\n@pytest.mark.skip(reason='no')\ndef test_s(): pass\n"
    "@pytest.mark.xfail\ndef test_x(): assert 0\n",
    "tests/test_error.py": "import pytest\n@pytest.fixture\ndef broken(): raise OSError('x')\ndef test_e(broken): pass\n",
    "tests/test_properties.py": "def test_p(record_property): record_property('k', 1)\n",
    "tests/sub/test_more.py": "def test_m(): print('out')\n",
    "tests/sub/test_made.py": "for n in range(4):\n    exec(f'def test_made_{n}(): pass')\n",
}


def program(project, *args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    environment = running.environment(project.base, env or {})
    command = [running.PROGRAM, *args]
    return subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, timeout=running.LIMIT)


def run_shards(project, *args: str, total: int = TOTAL) -> list[running.Run]:
    return [project.run("--shard", f"{k}/{total}", "--shard-report", "shards", *args) for k in range(1, total + 1)]


def merged(project, *args: str) -> subprocess.CompletedProcess:
    return program(project, "merge", *args, "shards")


def cases(path: Path) -> list[tuple]:
    """The file's elements without what differs between two runs: times, and addresses in tracebacks."""
    found = []
    for case in ElementTree.parse(path).iter("testcase"):
        children = [(child.tag, child.get("message"), re.sub("0x[0-9a-f]+", "", child.text or "")) for child in case]
        found.append((case.get("classname"), case.get("name"), children))
    return found


@pytest.mark.parametrize("args", [("-n", "2"), ("-n", "2", "--collect", "whole"), ("-n", "1")], ids=["file", "whole", "single"])
def test_three_shards_merged_are_one_run(make_project, args):
    project = make_project(FILES)
    one = project.run("--junitxml=one.xml", "--json=one.json", *args)
    shards = run_shards(project, "--junitxml=own.xml", *args)
    assert [shard.left for shard in shards] == [[], [], []]
    assert sum((results(shard.log) for shard in shards), Counter()) == results(one.log)

    merge = merged(project, "--junitxml=all.xml", "--report-log=all.jsonl", "--json=all.json")
    assert merge.returncode == one.exit == 1, merge.stdout + merge.stderr
    assert merge.stderr == ""
    log = [json.loads(line) for line in (project.root / "all.jsonl").read_text().splitlines()]
    assert results(log) == results(one.log)
    assert cases(project.root / "all.xml") == cases(project.root / "one.xml")
    counts = [ElementTree.parse(project.root / name).find("testsuite").attrib for name in ("all.xml", "one.xml")]
    assert [{k: c[k] for k in ("tests", "errors", "failures", "skipped")} for c in counts][0] == {
        k: counts[1][k] for k in ("tests", "errors", "failures", "skipped")
    }
    ours, theirs = (json.loads((project.root / name).read_text()) for name in ("all.json", "one.json"))
    assert ours["counts"] == theirs["counts"]
    assert {t["nodeid"]: t["outcome"] for t in ours["tests"]} == {t["nodeid"]: t["outcome"] for t in theirs["tests"]}


def test_the_cut_is_the_same_in_both_modes_and_printed(make_project):
    project = make_project(FILES)
    digests, parts = set(), []
    for args in (("-n", "2", "--collect", "file"), ("-n", "1")):
        shards = run_shards(project, *args, total=2)
        digests |= {re.search(r"cut ([0-9a-f]{16})", shard.stdout)[1] for shard in shards}
        parts.append([set(results(shard.log)) for shard in shards])
    assert len(digests) == 1
    assert parts[0] == parts[1]


def test_a_history_balances_the_cut_and_a_retried_job_gets_its_own_tests(make_project):
    files = {f"test_{i}.py": f"import time\ndef test_a(): time.sleep({0.3 if i == 0 else 0})\n" for i in range(6)}
    project = make_project(files)
    run_shards(project, "-n", "2", total=1)
    assert merged(project, "--history=history.json").returncode == 0
    history = json.loads(project.read("history.json"))
    assert set(history["files"]) == set(files)

    shutil.rmtree(project.root / "shards")
    runs = [run_shards(project, "-n", "2", "--history=history.json", total=2) for _ in range(2)]
    first, again = ([sorted(results(shard.log)) for shard in run] for run in runs)
    assert first == again
    slow = [shard for shard in first if any(node_id == "test_0.py::test_a" for node_id, _, _ in shard)]
    assert len(slow) == 1 and len(slow[0]) == 3  # Alone.
    assert merged(project, "--history=history.json").returncode == 0


def test_a_shard_leaves_the_projects_own_history_alone(make_project):
    project = make_project({"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"})
    run_shards(project, "-n", "2", total=2)
    assert not (project.root / ".fastest" / "history.sqlite").exists()


def test_one_long_file_is_split_by_its_functions(make_project):
    body = "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_%d(n): pass\n"
    project = make_project({"test_big.py": "".join(body % i for i in range(8))})
    for args in (("-n", "2", "--collect", "file"), ("-n", "1")):
        shards = run_shards(project, *args, total=2)
        names = [{re.sub(r"\[.*", "", node_id) for node_id, _, _ in results(shard.log)} for shard in shards]
        assert not names[0] & names[1]
        assert len(names[0] | names[1]) == 8 and min(map(len, names)) > 0
        assert merged(project).returncode == 0


def test_an_empty_shard_is_green(make_project):
    project = make_project({"test_a.py": "class TestA:\n    def test_a(self): pass\n"})
    for args in (("-n", "2"), ("-n", "1")):
        shards = run_shards(project, *args, total=2)
        assert [shard.exit for shard in shards] == [0, 0], shards[0].stdout
        assert sum(len(results(shard.log)) for shard in shards) == 3
    assert merged(project).returncode == 0


@pytest.fixture(scope="module")
def shard_files() -> dict[str, str]:
    """The reports of a green run in three shards, once they are there."""
    return {}


@pytest.fixture
def sharded(make_project, shard_files):
    project = make_project({f"test_{name}.py": f"def test_{name}(): pass\n" for name in "abc"})
    folder = project.root / "shards"
    if not shard_files:
        assert [shard.exit for shard in run_shards(project, "-n", "2", "--collect", "file")] == [0, 0, 0]
        assert merged(project).returncode == 0
        shard_files.update({path.name: path.read_text() for path in folder.iterdir()})
    folder.mkdir(exist_ok=True)
    for name, text in shard_files.items():
        (folder / name).write_text(text)
    return project


def lines_of(project, shard: int) -> tuple[Path, list[str]]:
    path = project.root / "shards" / f"shard-{shard}-of-3.jsonl"
    return path, path.read_text().splitlines()


def test_a_missing_shard_is_named(sharded):
    (sharded.root / "shards" / "shard-2-of-3.jsonl").unlink()
    merge = merged(sharded)
    assert (merge.returncode, merge.stderr.count("\n")) == (3, 1)
    assert "shard 2/3 is missing" in merge.stderr


def test_a_doubled_shard_is_named(sharded):
    path, _ = lines_of(sharded, 2)
    (sharded.root / "shards" / "again").mkdir()
    shutil.copy(path, sharded.root / "shards" / "again")
    merge = merged(sharded)
    assert merge.returncode == 3
    assert re.search(r"shard 2/3 is there twice: \S+ and \S+", merge.stderr)


def test_a_test_without_a_result_is_named(sharded):
    path, lines = lines_of(sharded, 1)
    finished = [line for line in lines if json.loads(line)["event"] == "finish"]
    assert finished
    path.write_text("\n".join(line for line in lines if line not in finished) + "\n")
    merge = merged(sharded)
    assert merge.returncode == 3
    assert re.search(r"test_\w.py::test_\w has no result: shard 1/3 collected it", merge.stderr)


def test_a_doubled_test_is_named(sharded):
    source, lines = lines_of(sharded, 1)
    target, others = lines_of(sharded, 2)
    mine = [line for line in lines if json.loads(line)["event"] == "collected" and json.loads(line)["ids"]]
    target.write_text("\n".join([*others[:-1], *mine, others[-1]]) + "\n")
    merge = merged(sharded)
    assert merge.returncode == 3
    assert re.search(r"test_\w.py::test_\w ran twice: in shard 1/3 and shard 2/3", merge.stderr)


def test_a_shard_that_was_cut_short_is_named(sharded):
    path, lines = lines_of(sharded, 3)
    path.write_text("\n".join(lines)[:-60])
    merge = merged(sharded)
    assert merge.returncode == 3
    assert "shard 3/3 is cut short" in merge.stderr


@pytest.mark.parametrize("text", ["", '{"event": "started", "form'], ids=["empty", "cut"])
def test_what_the_other_shards_have_is_told_where_one_has_nothing(sharded, text):
    path, _ = lines_of(sharded, 3)
    path.write_text(text)
    merge = merged(sharded, "--json", "all.json")
    assert merge.returncode == 3
    assert "shard-3-of-3.jsonl is cut short" in merge.stderr and "shard 3/3 is missing" in merge.stderr
    assert json.loads(sharded.read("all.json"))["counts"]["passed"] >= 1


def test_a_suites_own_exit_code_is_the_merged_runs(make_project):
    files = {"test_a.py": "import pytest\ndef test_a(): pytest.exit('bye', 7)\n", "test_b.py": "def test_b(): pass\n"}
    project = make_project(files)
    assert sorted(shard.exit for shard in run_shards(project, "-n", "2", total=2)) == [0, 7]
    assert merged(project).returncode == 7


def test_shards_of_different_cuts_are_refused(sharded):
    (sharded.root / "test_d.py").write_text("def test_d(): pass\n")
    sharded.run("--shard", "2/3", "--shard-report", "shards", "-n", "2")
    merge = merged(sharded)
    assert merge.returncode == 3
    assert "the shards were not cut alike" in merge.stderr


def test_a_lost_file_is_named(sharded):
    """The owner's job did not have the file, but the cut was the same: an ignore hook, or a broken checkout."""
    for shard in (1, 2, 3):
        path, lines = lines_of(sharded, shard)
        events = [json.loads(line) for line in lines]
        if any("test_a.py::test_a" in event.get("ids", []) for event in events):
            owner = shard
            kept = [e for e in events if not (e["event"] in ("collected", "report", "finish") and "walked" not in e)]
            path.write_text("".join(json.dumps(event) + "\n" for event in kept))
    merge = merged(sharded)
    assert merge.returncode == 3
    assert re.search(rf"test_a.py was found by shard \d/3, but not run by shard {owner}/3, whose it is", merge.stderr)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--shard", "4/3"], "--shard 4/3: allowed are 1/N to N/N"),
        (["--shard", ""], "--shard: the value is empty"),
        (["ci", "--connect", "", "--index", "0", "--total", "2"], "--connect: the value is empty"),
        (["--resume="], "--resume: the value is empty"),
        (["--connect", "tcp://127.0.0.1:5570", "tests"], "--connect: only fastest agent takes it"),
        (["--expect-agents", "2"], "--expect-agents: only fastest coordinator takes it"),
        (["coordinator", "--listen", "tcp://127.0.0.1:99999"], "--listen tcp://127.0.0.1:99999: allowed is tcp://HOST:PORT"),
        (["coordinator", "--listen", "foo"], "--listen foo: allowed is tcp://HOST:PORT"),
        (["--shard", "x"], "--shard x: allowed are 1/N to N/N"),
        (["--shard", "auto"], "--shard auto: no CI system says which job this is"),
        (["--shard-report", "x"], "--shard-report: --shard K/N is missing"),
        (["--history", "none.json"], "none.json: cannot be read"),
        (["--retries", "1", "--reruns", "2"], "--retries and --reruns"),
        (["merge"], "merge: the folders with the shards' reports are missing"),
        (["merge", "."], "no shard-K-of-N.jsonl in ."),
        (["merge", "--junit", "x", "."], "merge --junit: no such option"),
    ],
)
def test_usage_errors_end_with_4_and_one_line(make_project, words, message):
    project = make_project({"test_a.py": "def test_a(): pass\n"})
    run = program(project, *words)
    assert (run.returncode, run.stderr.count("\n")) == (4, 1)
    assert message in run.stderr


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3"}, "shard 3/3"),
        ({"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "4"}, "shard 1/4"),
        ({"FASTEST_INDEX": "1", "FASTEST_TOTAL": "2", "CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "9"}, "shard 2/2"),
    ],
)
def test_shard_auto_asks_the_ci_system(make_project, env, line):
    project = make_project({"test_a.py": "def test_a(): pass\n"})
    run = program(project, "--python", running.PYTHON, "-n", "2", "--shard", "auto", env=env)
    assert (run.returncode, line in run.stdout) == (0, True), run.stdout + run.stderr
