"""--lf, --ff, --nf, --sw and -x in turn with plain pytest: both read and write the same .pytest_cache.

Each row is a series of steps on one project; a step is a command line, or files to change first. The series runs
once with plain pytest alone (the truth) and once with ours at the places that `who` names.
"""

import json

import pytest
from compare import closing_counts, outcomes

FILES = {
    "test_a.py": "def test_a1(): pass\ndef test_a2(): assert 0\ndef test_a3(): pass\n",
    "test_b.py": "def test_b1(): pass\ndef test_b2(): pass\n",
    "sub/test_c.py": "import pytest\n@pytest.mark.parametrize('x', ['ü', 'a/b', 'c::d'])\ndef test_c(x):\n    assert x == 'a/b'\n",
}
FIX_A = {"test_a.py": "def test_a1(): pass\ndef test_a2(): pass\ndef test_a3(): pass\n"}
NEW = {"test_new.py": "def test_n(): assert 0\n"}
BREAK = {"test_b.py": "def test_b1(: pass\n"}
MEND = {"test_b.py": FILES["test_b.py"]}
GONE = {"test_a.py": "def test_other(): pass\n"}

SERIES = {
    "last failed": [[], ["--lf"], FIX_A, ["--lf"], ["--lf"]],
    "last failed of a part": [[], ["--lf", "test_a.py"], FIX_A, ["test_a.py"], ["--lf"]],
    "last failed, none": [["test_b.py"], ["--lf", "test_b.py"], ["--lf", "--lfnf=none", "test_b.py"]],
    "last failed, gone": [[], GONE, ["--lf", "test_a.py"], ["--lf"]],
    "failed first": [[], ["--ff"], FIX_A, ["--ff"]],
    "new first": [[], NEW, ["--nf"], ["--nf", "--ff"]],
    "a file that breaks": [[], BREAK, [], ["--lf"], MEND, ["--lf"], []],
    "stepwise": [["--sw"], ["--sw"], FIX_A, ["--sw"], ["--sw"]],
    "stepwise skip": [["--sw"], ["--sw", "--sw-skip"]],
    "stepwise skip alone": [["--sw-skip"], ["--sw"]],
    "stepwise reset alone": [["--sw"], FIX_A, ["--sw"], ["--sw-reset"], ["--sw"]],
    "clear": [[], ["--cache-clear", "test_b.py"], ["--lf"]],
    "deselected": [[], ["-k", "b1"], ["--lf", "-k", "c or a"], ["--lf"]],
    "no cache provider": [[], ["-p", "no:cacheprovider", "test_b.py"], ["--lf"]],
    "collect only": [[], ["--collect-only", "-q"], ["--lf"]],
    "cache folder by ini": [{"pytest.ini": "[pytest]\ncache_dir = kept\n"}, [], ["--lf"]],
}
WHO = {"ours alone": "oooooooo", "in turn": "popopopo"}
ONE_WORKER = {name for name in SERIES if name.startswith("stepwise")}  # Which test comes first decides what is left: pytest's order.


def kept(project) -> dict[str, object]:
    """What the cache says, without the order, which the truth of parallel runs need not share."""
    found = {}
    for folder in (".pytest_cache", "kept"):
        for path in sorted((project.root / folder / "v" / "cache").glob("*")):
            value = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(value, dict):
                value.pop("last_cache_date_str", None)
            found[path.name] = sorted(value) if isinstance(value, list) else value
    return found


def step(project, who: str, args: list[str], workers: str):
    run = project.pytest(*args) if who == "p" else project.run("-n", workers, *args)
    return run.exit, outcomes(run), closing_counts(run) - {"warnings"}, kept(project)


truths: dict[str, list] = {}


def answers(project, series: list, who: str, workers: str):
    """Each command line of the series with what came of it."""
    turn = iter(who)
    for what in series:
        if isinstance(what, dict):
            for path, text in what.items():
                (project.root / path).write_text(text, encoding="utf-8")
        else:
            yield (what, *step(project, next(turn), what, workers))


@pytest.mark.parametrize("who", WHO.values(), ids=WHO.keys())
@pytest.mark.parametrize("name", SERIES.keys())
def test_the_cache_is_shared_with_pytest(make_project, name, who):
    workers = "1" if name in ONE_WORKER else "2"
    if name not in truths:
        truths[name] = list(answers(make_project(FILES, "truth"), SERIES[name], "pppppppp", workers))
    for wanted, got in zip(truths[name], answers(make_project(FILES, "ours."), SERIES[name], who, workers)):
        for word, expected, found in zip(("step", "exit", "tests", "closing line", "cache"), wanted, got):
            assert found == expected, f"step {wanted[0]}: {word}"


def test_new_first_keeps_pytests_order_in_one_worker(make_project):
    project = make_project(FILES)
    project.run("-n", "1")
    (project.root / "test_z.py").write_text("def test_z(): pass\n")
    run = project.run("-n", "1", "--nf")
    assert next(iter(outcomes(run)))[0] == "test_z.py::test_z"


def test_a_new_cache_folder_has_pytests_own_files(make_project):
    truth, ours = make_project(FILES, "truth"), make_project(FILES, "ours.")
    truth.pytest()
    ours.run("-n", "2")
    for name in ("README.md", ".gitignore", "CACHEDIR.TAG"):
        assert ours.read(f".pytest_cache/{name}") == truth.read(f".pytest_cache/{name}")
