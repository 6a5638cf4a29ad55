"""-n and its kin: how many workers there are."""

import pytest
from compare import outcomes
from running import STAND_IN

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="an option of ours")


@pytest.mark.parametrize("workers", ["auto", "logical", "0", "1", "3", "50"])
def test_any_number_of_workers(make_project, workers):
    files = {f"test_{i}.py": "def test_f(): pass\ndef test_g(): pass\n" for i in range(3)}
    run = make_project(files).run("-n", workers)
    assert run.exit == 0 and len(outcomes(run)) == 18 and all(len(value) == 1 for value in outcomes(run).values())


@pytest.mark.parametrize(
    "env, args, workers",
    [({}, ["-n", "3", "--maxprocesses", "2"], 2), ({}, ["-n", "2", "--maxprocesses", "3"], 2), ({}, ["@args.txt"], 2), ({"PYTEST_XDIST_AUTO_NUM_WORKERS": "3"}, ["-n", "auto"], 3)],
)
def test_how_many_workers_there_are(make_project, env, args, workers):
    files = {f"test_{i}.py": "def test_f(): pass\ndef test_g(): pass\n" for i in range(3)} | {"args.txt": "-n\n2\n--hang-timeout\n50\n"}
    run = make_project(files).run("-v", *args, env=env)
    assert run.exit == 0 and f"workers: {workers}\n" in run.stdout, run.stdout + run.stderr


@pytest.mark.parametrize("workers", ["-1", "many", "1.5", ""])
def test_a_wrong_number_of_workers_is_a_usage_error(make_project, workers):
    run = make_project({"test_a.py": "def test_f(): pass\n"}).run(f"-n={workers}" if workers == "" else f"-n{workers}")
    assert run.exit == 4 and run.stderr
