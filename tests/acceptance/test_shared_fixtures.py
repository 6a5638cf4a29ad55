"""`fastest.shared`: one set-up and one teardown a run, whatever the number of workers and agents, and whoever dies."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess

import pytest
from cluster import Cluster
from running import LIMIT, PYTHON, REPOSITORY, STAND_IN

pytestmark = pytest.mark.skipif(bool(STAND_IN), reason="what is promised here is ours")


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> dict[str, str]:
    """The environment in which `import fastest` finds what a wheel installs: cmake/install.cmake's two places."""
    library = tmp_path_factory.mktemp("prefix") / "lib"
    packages = library / "python3" / "site-packages"
    (packages / "fastest").mkdir(parents=True)
    shutil.copy(REPOSITORY / "worker/fastest/__init__.py", packages / "fastest")
    (library / "fastest").mkdir()
    (library / "fastest/worker").symlink_to(REPOSITORY / "worker")
    return {"PYTHONPATH": str(packages)}


CONFTEST = """
import os, pathlib, pytest, fastest

def note(text):
    with open(pathlib.Path(__file__).with_name("log"), "a") as log:
        log.write(text + "\\n")

@pytest.fixture(scope="session")
def engine():
    note("engine up")
    yield "engine"
    note("engine down")

@pytest.fixture(scope="session")
@fastest.shared
def database(engine, tmp_path_factory, request):
    note("set up")
    assert request.fixturename == "database" and tmp_path_factory.getbasetemp().exists()
    yield {"pid": os.getpid(), "engine": engine}
    note("torn down")
"""

# Each worker holds the fixture while the others run, and tells when it uses it last.
USER = """
import os, time, pytest
@pytest.mark.parametrize("n", range(4))
def test_use(database, n):
    from conftest import note
    time.sleep(0.03)
    assert database["engine"] == "engine"
    note(f"used {database['pid']} by {os.getpid()}")
"""


def files(count: int, conftest: str = CONFTEST, user: str = USER) -> dict[str, str]:
    return {"conftest.py": conftest, **{f"test_{index}.py": user for index in range(count)}}


def once(log: list[str]) -> None:
    """Set up before every use by one process, torn down after it, each once."""
    assert [log.count(line) for line in ("engine up", "set up", "torn down", "engine down")] == [1, 1, 1, 1], log
    assert log[:2] == ["engine up", "set up"] and log[-2:] == ["torn down", "engine down"]
    assert len({line.split()[1] for line in log if line.startswith("used")}) == 1


@pytest.mark.parametrize("collect", ["file", "whole"])
def test_a_fixture_is_set_up_once_and_torn_down_after_its_last_user(make_project, collect):
    project = make_project(files(8))
    run = project.run("-n", "4", "--collect", collect)
    assert run.exit == 0, run.stdout + run.stderr
    log = project.read("log").splitlines()
    once(log)
    assert len(log) == 4 + 32
    assert len({line.split()[3] for line in log if line.startswith("used")}) > 1


def test_two_agents_share_one_set_up(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    for name, text in files(8).items():
        (root / name).write_text(text)
    cluster = Cluster(root, tmp_path)
    try:
        coordinator = cluster.coordinator("-n", "4", "--expect-agents", "2", "-v")
        agents = [cluster.agent(), cluster.agent()]
        assert coordinator.wait(LIMIT) == 0, coordinator.stderr.read()
        assert [agent.wait(LIMIT) for agent in agents] == [0, 0]
        text = coordinator.stdout.read()
    finally:
        cluster.end()
    assert ("[gw0]" in text or "[gw1]" in text) and ("[gw2]" in text or "[gw3]" in text)
    once((root / "log").read_text().splitlines())


@pytest.mark.parametrize("order", ["@fastest.shared\n@pytest.fixture(scope='session')", "@pytest.fixture(scope='session')\n@fastest.shared"])
def test_the_decorator_stands_above_or_below_the_fixtures_own(make_project, order):
    conftest = CONFTEST.replace('@pytest.fixture(scope="session")\n@fastest.shared', order)
    assert order in conftest
    project = make_project(files(4, conftest))
    run = project.run("-n", "2")
    assert run.exit == 0, run.stdout + run.stderr
    once(project.read("log").splitlines())


@pytest.mark.parametrize("words", [["-n", "1"], ["-n", "0"]])
def test_with_one_worker_it_is_an_ordinary_fixture(make_project, words):
    project = make_project(files(2, CONFTEST.replace('"engine": engine', '"engine": engine, "any": lambda: 1')))
    run = project.run(*words)
    assert run.exit == 0, run.stdout + run.stderr
    once(project.read("log").splitlines())


def test_under_plain_pytest_it_is_an_ordinary_fixture(make_project, installed):
    project = make_project(files(2))
    run = project.pytest(env=installed)
    assert run.exit == 0, run.stdout + run.stderr
    once(project.read("log").splitlines())


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_under_xdist_each_worker_has_its_own(make_project, installed):
    project = make_project(files(4))
    run = project.pytest("-n", "2", env=installed)
    assert run.exit == 0, run.stdout + run.stderr
    log = project.read("log").splitlines()
    assert log.count("set up") == log.count("torn down") == 2


def outcomes(run, when: str) -> list[str]:
    return [line["outcome"] for line in run.log if line.get("$report_type") == "TestReport" and line["when"] == when]


FAILING = {
    "raise RuntimeError('no port is free')": ("failed", "no port is free"),
    "pytest.skip('no docker here')": ("skipped", "no docker here"),
    "return (lambda: 1)": ("failed", "the fixture 'database' (conftest.py:"),
}


@pytest.mark.parametrize("body", FAILING)
def test_a_set_up_that_fails_fails_for_each_user(make_project, body):
    conftest = CONFTEST[: CONFTEST.index("@pytest.fixture")] + (
        f"@pytest.fixture(scope='session')\n@fastest.shared\ndef database():\n    note('set up')\n    {body}\n"
    )
    project = make_project(files(8, conftest))
    run = project.run("-n", "4", "-rs")
    outcome, text = FAILING[body]
    assert outcomes(run, "setup") == [outcome] * 32
    assert project.read("log").splitlines() == ["set up"]
    reports = [line for line in run.log if line.get("when") == "setup"]
    assert all(text in str(report["longrepr"]) for report in reports)
    if "raise" in body:  # The traceback, where the set-up was and elsewhere.
        assert all("raise RuntimeError('no port is free')" in str(report["longrepr"]) for report in reports)
    if "lambda" in body:
        assert "cannot be pickled" in run.stdout and "(hint: share the address or path" in run.stdout


def test_parameters_are_shared_each_by_itself(make_project):
    conftest = CONFTEST.replace('scope="session")\n@fastest', 'scope="session", params=["a", "b"])\n@fastest').replace(
        'note("set up")', 'note(f"set up {request.param}")'
    )
    project = make_project(files(4, conftest))
    run = project.run("-n", "3")
    assert run.exit == 0, run.stdout + run.stderr
    log = project.read("log").splitlines()
    assert [log.count(line) for line in ("set up a", "set up b", "torn down")] == [1, 1, 2]
    last_use = max(index for index, line in enumerate(log) if line.startswith("used"))
    assert last_use < log.index("torn down")


def test_the_death_of_who_sets_up_passes_it_to_another(make_project):
    killed = """
    note("set up")
    marker = pathlib.Path(__file__).with_name("killed")
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), 9)
"""
    project = make_project(files(8, CONFTEST.replace('\n    note("set up")\n', killed)))
    run = project.run("-n", "4")
    assert run.exit == 1, run.stdout + run.stderr
    log = project.read("log").splitlines()
    assert log.count("set up") == 2 and log.count("torn down") == 1
    assert outcomes(run, "setup").count("failed") == 1  # The item in which the worker died.
    assert outcomes(run, "call") == ["passed"] * 31


def test_a_set_up_that_kills_every_worker_is_given_up(make_project):
    project = make_project(files(4, CONFTEST.replace('note("set up")', "os.kill(os.getpid(), 9)")))
    run = project.run("-n", "2")
    assert run.exit == 1
    assert outcomes(run, "setup") == ["failed"] * 16
    assert "cannot be had: 3 workers ended while they set it up" in run.stdout
    assert run.stdout.count("SIGKILL") >= 3


def test_the_death_of_the_owner_loses_its_teardown_and_is_told(make_project):
    user = USER + (
        "\ndef test_die(database):\n    import os, pathlib, time\n    from conftest import note\n"
        "    done = pathlib.Path('died')\n"
        "    if os.getpid() == database['pid'] and not done.exists():\n"
        "        done.touch()\n        os.kill(os.getpid(), 9)\n"
    )
    project = make_project(files(6, user=user))
    run = project.run("-n", "3")
    assert run.exit == 1, run.stdout + run.stderr
    assert "had torn down the shared fixture conftest.py::database: that teardown is lost" in run.stdout + run.stderr
    assert outcomes(run, "call").count("failed") == 1


def test_a_teardown_that_raises_is_an_error_of_the_owners_last_test(make_project):
    project = make_project(files(4, CONFTEST.replace('note("torn down")', "raise RuntimeError('cannot stop')")))
    run = project.run("-n", "2")
    assert run.exit == 1
    assert outcomes(run, "teardown").count("failed") == 1
    assert "RuntimeError: cannot stop" in run.stdout
    assert project.read("log").splitlines().count("engine down") == 1


def test_it_is_torn_down_when_the_run_stops_early(make_project):
    user = USER.replace('note(f"used', 'assert n != 2\n    note(f"used')
    project = make_project(files(8, user=user))
    run = project.run("-n", "4", "-x")
    assert run.exit == 1, run.stdout + run.stderr
    once(project.read("log").splitlines())


def test_waiting_for_a_set_up_is_no_hang(make_project):
    project = make_project(files(4, CONFTEST.replace('note("set up")', 'note("set up"); __import__("time").sleep(1.4)')))
    run = project.run("-n", "3", "--hang-timeout", "2")
    assert run.exit == 0, run.stdout + run.stderr
    once(project.read("log").splitlines())


def test_a_retry_sets_up_anew_what_had_failed(make_project):
    failing = """note("set up")
    marker = pathlib.Path(__file__).with_name("failed")
    if not marker.exists():
        marker.touch()
        raise RuntimeError("not yet")"""
    project = make_project(files(2, CONFTEST.replace('note("set up")', failing)))
    run = project.run("-n", "2", "--retries", "3")
    assert run.exit == 0, run.stdout + run.stderr
    log = project.read("log").splitlines()
    assert log.count("torn down") == 1


OTHERS = [word for word in os.environ.get("FASTEST_OTHER_PYTHONS", "").split(os.pathsep) if word]


@pytest.mark.skipif(not OTHERS, reason="FASTEST_OTHER_PYTHONS names no interpreters with other versions of pytest")
@pytest.mark.parametrize("python", OTHERS)
def test_other_versions_of_pytest(make_project, python, installed):
    for index, order in enumerate(["below", "above"]):
        text = CONFTEST if order == "below" else CONFTEST.replace(
            '@pytest.fixture(scope="session")\n@fastest.shared', '@fastest.shared\n@pytest.fixture(scope="session")'
        )
        project = make_project(files(4, text), folder=f"{order}")
        run = project.run("-n", "2", "--python", python)
        assert run.exit == 0, run.stdout + run.stderr
        once(project.read("log").splitlines())
        (project.root / "log").unlink()
        env = {**os.environ, **installed, "PYTEST_ADDOPTS": ""}
        plain = subprocess.run([python, "-m", "pytest", "-q"], cwd=project.root, env=env, capture_output=True, text=True)
        assert plain.returncode == 0, plain.stdout
        once(project.read("log").splitlines())


WRONG = {
    "@pytest.fixture(scope='session')\n@fastest.shared\nasync def database(): yield 1": "is an async function; only ordinary fixtures can be shared",
    "@fastest.shared\nclass Database: pass": "fastest.shared decorates the function of a session fixture, not Database",
    "@pytest.fixture\n@fastest.shared\ndef database(): return 1": 'has scope "function"; only session fixtures can be shared',
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_shared_is_said_by_name(make_project, text):
    project = make_project(files(2, f"import pytest, fastest\n{text}\n"))
    run = project.run("-n", "2")
    assert run.exit != 0
    assert WRONG[text] in run.stdout + run.stderr
