"""The generated suites that bench_execution.py times. Each writer fills a folder and says how many tests it holds."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

CONFTEST_OF_EVERY_SCOPE = '''
import pytest

@pytest.fixture(scope="session")
def of_session():
    yield {"opened": True}

@pytest.fixture(scope="package")
def of_package(of_session):
    yield [1]

@pytest.fixture(scope="module")
def of_module(of_package):
    yield {}

@pytest.fixture(scope="class")
def of_class(of_module):
    yield []

@pytest.fixture
def of_function(of_class{also}):
    yield {value}
'''


def trivial(folder: pathlib.Path) -> int:
    """10,000 tests that do nothing, in 100 files: what a runner costs by itself."""
    body = "".join(f"def test_{number}():\n    assert {number} + 1\n\n" for number in range(100))
    for number in range(100):
        (folder / f"test_trivial_{number:03}.py").write_text(body)
    return 10_000


def fixtures(folder: pathlib.Path) -> int:
    """2,000 parametrised tests with fixtures of every scope, in 20 files; each writes and reads a file in tmp_path."""
    use = "        of_function.write_text(str(a * b))\n        assert of_session['opened'] and int(of_function.read_text()) == a * b\n"
    return _of_every_scope(folder, ", tmp_path", 'tmp_path / "x"', use)


def scopes(folder: pathlib.Path) -> int:
    """The same without files: what the fixtures themselves cost."""
    return _of_every_scope(folder, "", "[1]", "        assert of_session['opened'] and of_function * a * b == [1] * a * b\n")


def _of_every_scope(folder: pathlib.Path, also: str, value: str, use: str) -> int:
    conftest = CONFTEST_OF_EVERY_SCOPE.replace("{also}", also).replace("{value}", value)
    (folder / "conftest.py").write_text(conftest)
    body = (
        "import pytest\n\n"
        "class TestAll:\n"
        "    @pytest.mark.parametrize('b', range(5))\n"
        "    @pytest.mark.parametrize('a', range(20))\n"
        "    def test_values(self, of_function, of_session, a, b):\n"
    )
    for number in range(20):
        (folder / f"test_fixtures_{number:02}.py").write_text(body + use)
    return 2_000


def cpu(folder: pathlib.Path) -> int:
    """80 tests that compute, of unequal length: one file takes a third of the time."""
    for number in range(8):
        rounds = 1_200_000 if number == 7 else 350_000
        body = "import pytest\n\n@pytest.mark.parametrize('n', range(10))\ndef test_work(n):\n"
        (folder / f"test_cpu_{number}.py").write_text(body + f"    assert sum(i * i % 7 for i in range({rounds} + n)) > 0\n")
    return 80


def waiting(folder: pathlib.Path) -> int:
    """64 tests that wait for something else, 0.1 s each."""
    body = "import time\nimport pytest\n\n@pytest.mark.parametrize('n', range(8))\ndef test_wait(n):\n    time.sleep(0.1)\n"
    for number in range(8):
        (folder / f"test_waiting_{number}.py").write_text(body)
    return 64


def ten(folder: pathlib.Path) -> int:
    """10 tests in two files: what it costs to start."""
    body = "".join(f"def test_{number}():\n    assert True\n\n" for number in range(5))
    for number in range(2):
        (folder / f"test_ten_{number}.py").write_text(body)
    return 10


GENERATED: dict[str, Callable[[pathlib.Path], int]] = {
    "trivial": trivial,
    "fixtures": fixtures,
    "scopes": scopes,
    "cpu": cpu,
    "waiting": waiting,
    "ten": ten,
}
