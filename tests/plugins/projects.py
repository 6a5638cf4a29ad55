"""A tiny project for each plugin: what plain pytest says of it is the oracle."""

from __future__ import annotations

from dataclasses import dataclass

NEIGHBOUR = {"test_neighbour.py": "def test_passes(): pass\n"}  # Two workers have something to share.


@dataclass(frozen=True)
class Row:
    """A plugin in use. `said`: texts that its user must find in the output, each so often as under plain pytest."""

    plugin: str
    environment: str
    files: dict[str, str]
    args: tuple[str, ...] = ()
    exit: int = 0
    said: tuple[str, ...] = ()
    variant: str = ""
    git: bool = False  # The project is a git repository, with test_changed.py changed since the last commit.

    @property
    def name(self) -> str:
        return f"{self.plugin}-{self.variant}" if self.variant else self.plugin


ASYNCIO = """
import asyncio, pytest, pytest_asyncio
@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def loop(): yield asyncio.get_running_loop()
@pytest.mark.asyncio(loop_scope="module")
async def test_passes(loop): assert asyncio.get_running_loop() is loop
@pytest.mark.asyncio(loop_scope="module")
async def test_shares(loop): await asyncio.sleep(0); assert asyncio.get_running_loop() is loop
@pytest.mark.asyncio
async def test_fails(): await asyncio.sleep(0); assert 1 == 2
@pytest.mark.asyncio
@pytest.mark.parametrize("n", [1, 2])
async def test_many(n): await asyncio.sleep(0)
"""
ANYIO = """
import anyio, pytest
pytestmark = pytest.mark.anyio
@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request): return request.param
@pytest.fixture
async def ready(): await anyio.sleep(0); yield 1
async def test_passes(ready, anyio_backend_name): await anyio.sleep(0); assert ready
async def test_fails(ready, anyio_backend_name): assert anyio_backend_name == "asyncio"
"""
TRIO = """
import trio, pytest
@pytest.fixture
async def two(): await trio.lowlevel.checkpoint(); yield 2
@pytest.mark.trio
async def test_passes(two, nursery): nursery.start_soon(trio.lowlevel.checkpoint); assert two == 2
@pytest.mark.trio
async def test_fails(autojump_clock): await trio.sleep(1000); assert 0
"""
BDD_FEATURE = """
Feature: Sums
  Scenario Outline: Adding
    Given the number <a>
    When I add <b>
    Then there is <sum>
    Examples:
      | a | b | sum |
      | 1 | 2 | 3   |
      | 1 | 1 | 3   |
"""
BDD = """
from pytest_bdd import scenarios, given, when, then, parsers
scenarios("sums.feature")
@given(parsers.parse("the number {a:d}"), target_fixture="box")
def number(a): return [a]
@when(parsers.parse("I add {b:d}"))
def add(box, b): box.append(b)
@then(parsers.parse("there is {total:d}"))
def there_is(box, total): assert sum(box) == total
"""
CASES = """
from pytest_cases import parametrize_with_cases, fixture
def case_one(): return 1
def case_two(): return 2
@parametrize_with_cases("n", cases=".")
def test_case(n): assert n == 1
@fixture
@parametrize_with_cases("n", cases=".")
def doubled(n): return 2 * n
def test_doubled(doubled): assert doubled in (2, 4)
"""
CHECK = """
from pytest_check import check
def test_several(): check.equal(1, 2, "first"); check.is_in(3, [1], "second")
def test_none(): check.is_true(True)
"""
DEPENDENCY = """
import pytest
@pytest.mark.dependency()
def test_base(): assert 0
@pytest.mark.dependency(depends=["test_base"])
def test_needs_base(): pass
@pytest.mark.dependency()
def test_good(): pass
@pytest.mark.dependency(depends=["test_good"])
def test_needs_good(): pass
"""
ORDER = """
import pytest
SEEN = []
@pytest.mark.order(2)
def test_a(): SEEN.append("a"); assert SEEN == ["b", "a"]
@pytest.mark.order(1)
def test_b(): SEEN.append("b"); assert SEEN == ["b"]
@pytest.mark.order(after="test_a")
def test_aa(): assert "a" in SEEN
"""
ENV = """
import os
def test_it(): assert os.environ["ANSWER"] == "42" and os.environ["KEPT"] == "mine"
"""
FREEZER = """
import datetime, pytest
@pytest.mark.freeze_time("2020-02-29")
def test_frozen(freezer):
    assert datetime.date.today() == datetime.date(2020, 2, 29)
    freezer.tick(86400)
    assert datetime.date.today() == datetime.date(2020, 3, 1)
def test_unfrozen(): assert datetime.date.today().year > 2020
"""
HTTPX = """
import httpx
def test_answered(httpx_mock):
    httpx_mock.add_response(json={"a": 1})
    assert httpx.get("https://example.org").json() == {"a": 1}
def test_unused(httpx_mock): httpx_mock.add_response()
"""
RESPX = """
import httpx, respx
def test_routed(respx_mock):
    respx_mock.get("https://example.org/").respond(204)
    assert httpx.get("https://example.org/").status_code == 204
@respx.mock
def test_unrouted(): httpx.get("https://example.org/")
"""
HYPOTHESIS = """
from hypothesis import given, settings, strategies as st
@settings(derandomize=True, database=None)
@given(st.integers())
def test_even(n): assert n % 2 == 0
@settings(derandomize=True, database=None)
@given(st.lists(st.integers()))
def test_reversed(xs): assert list(reversed(list(reversed(xs)))) == xs
"""
LAZY = """
import pytest
from pytest_lazy_fixtures import lf, lfc
@pytest.fixture
def one(): return 1
@pytest.fixture(params=[2, 3])
def more(request): return request.param
@pytest.mark.parametrize("n", [lf("one"), lf("more"), 5])
def test_lazy(n): assert n < 5
"""
MOCK = """
import os
def test_patched(mocker): mocker.patch("os.getcwd", return_value="/x"); assert os.getcwd() == "/x"
def test_restored(mocker): assert os.getcwd() != "/x"
def test_asserts(mocker):
    stub = mocker.stub(name="stub")
    stub(1)
    stub.assert_called_once_with(2)
"""
RANDOM_ORDER = "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_n(n): assert n != 13\n"
FLAKY = """
import pathlib, pytest
STATE = pathlib.Path(__file__).with_name("state")
@pytest.mark.flaky({0}=2)
def test_flaky():
    STATE.write_text((STATE.read_text() if STATE.exists() else "") + "x")
    assert len(STATE.read_text()) == 2
"""
SOCKET = """
import socket, pytest
def test_forbidden(): socket.socket()
@pytest.mark.enable_socket
def test_allowed(): socket.socket().close()
"""
SPLIT = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_n(n): pass\n"
SUBTESTS = """
import unittest
def test_two(subtests):
    for n in range(3):
        with subtests.test(msg="part", n=n): assert n != 1
class TestCase(unittest.TestCase):
    def test_three(self):
        for n in range(3):
            with self.subTest(n=n): self.assertNotEqual(n, 2)
"""
SYRUPY = {
    "test_a.py": "def test_a(snapshot): assert {'a': 1} == snapshot\n",
    "test_b.py": "def test_b(snapshot): assert {'b': 2} == snapshot\n",
    "__snapshots__/test_a.ambr": """
    # serializer version: 1
    # name: test_a
      dict({
        'a': 1,
      })
    # ---
    # name: test_gone
      1
    # ---
    """,
    "__snapshots__/test_b.ambr": """
    # serializer version: 1
    # name: test_b
      dict({
        'b': 3,
      })
    # ---
    """,
}
TIMEOUT = """
import time, pytest
def test_quick(): pass
@pytest.mark.timeout(0.3)
def test_stuck():
    while True: pass
def test_after(): pass
"""
BENCHMARK = """
def test_speed(benchmark): assert benchmark(sum, [1, 2]) == 3
def test_wrong(benchmark): assert benchmark(sum, [1, 2]) == 4
"""
RUN_PARALLEL = """
import pytest, threading
def test_threads(num_parallel_threads): assert num_parallel_threads == 2
def test_in_one(): assert threading.current_thread() is threading.main_thread()
@pytest.mark.thread_unsafe
def test_unsafe(num_parallel_threads): assert num_parallel_threads == 1
"""
MIXED = "import pytest\ndef test_a(): pass\ndef test_b(): assert 'left' == 'right'\ndef test_c(): pytest.skip('why')\n"

ROWS = (
    Row("pytest-asyncio", "core", {"test_it.py": ASYNCIO}, exit=1),
    Row("pytest-asyncio", "core", {"pytest.ini": "[pytest]\nasyncio_mode = auto\n", "test_it.py": ASYNCIO}, exit=1, variant="auto"),
    Row("anyio", "anyio", {"test_it.py": ANYIO}, exit=1),
    Row("pytest-trio", "trio", {"test_it.py": TRIO}, exit=1),
    Row("pytest-bdd", "bdd", {"test_it.py": BDD, "sums.feature": BDD_FEATURE}, exit=1),
    Row("pytest-benchmark", "benchmark", {"test_it.py": BENCHMARK}, exit=1),
    Row("pytest-cases", "cases", {"test_it.py": CASES}, exit=1),
    Row("pytest-check", "check", {"test_it.py": CHECK}, exit=1, said=("Failed Checks: 2",)),
    Row("pytest-dependency", "dependency", {"test_it.py": DEPENDENCY}, exit=1),
    Row("pytest-order", "order", {"test_it.py": ORDER}, args=("--dist", "loadfile")),
    Row("pytest-env", "env", {"pytest.ini": "[pytest]\nenv =\n    ANSWER=42\n    D:KEPT=mine\n", "test_it.py": ENV}),
    Row("pytest-dotenv", "dotenv", {"pytest.ini": "[pytest]\nenv_files = .extra\n", ".extra": "ANSWER=42\nKEPT=mine\n", "test_it.py": ENV}),
    Row("pytest-freezer", "freezer", {"test_it.py": FREEZER}),
    Row("pytest-httpx", "httpx", {"test_it.py": HTTPX}, exit=1),
    Row("respx", "httpx", {"test_it.py": RESPX}, exit=1),
    Row("hypothesis", "hypothesis", {"test_it.py": HYPOTHESIS}, exit=1, said=("Falsifying example: test_even(",)),
    Row(
        "hypothesis",
        "hypothesis",
        {"test_it.py": HYPOTHESIS},
        args=("--hypothesis-show-statistics", "-q"),
        exit=1,
        said=("Hypothesis Statistics", "test_it.py::test_even:", "test_it.py::test_reversed:"),
        variant="statistics",
    ),
    Row("pytest-instafail", "instafail", {"test_it.py": MIXED}, args=("--instafail",), exit=1, said=("AssertionError: assert 'left'",)),
    Row("pytest-sugar", "sugar", {"test_it.py": MIXED}, exit=1),
    Row("pytest-pretty", "pretty", {"test_it.py": MIXED}, exit=1),
    Row("pytest-run-parallel", "run-parallel", {"test_it.py": MIXED}, exit=1),
    Row("pytest-run-parallel", "run-parallel", {"test_it.py": RUN_PARALLEL}, args=("--parallel-threads=2",), exit=1, variant="threads"),
    Row("pytest-lazy-fixtures", "lazy", {"test_it.py": LAZY}, exit=1),
    Row("pytest-mock", "mock", {"test_it.py": MOCK}, exit=1),
    Row("pytest-picked", "picked", {"test_changed.py": MIXED, "test_same.py": "def test_same(): pass\n"}, ("--picked",), 1, git=True),
    Row("pytest-random-order", "random-order", {"test_it.py": RANDOM_ORDER}, args=("--random-order", "--random-order-seed=7"), exit=1),
    Row("pytest-repeat", "repeat", {"test_it.py": MIXED}, args=("--count=3",), exit=1),
    Row("pytest-repeat", "repeat", {"test_it.py": MIXED}, args=("--count=2", "--repeat-scope=session"), exit=1, variant="session"),
    Row("pytest-rerunfailures", "core", {"test_it.py": FLAKY.format("reruns")}, args=("-rR",), said=("1 rerun",)),
    Row("pytest-retry", "retry", {"test_it.py": FLAKY.format("retries")}, said=("1 retried",)),
    Row("pytest-socket", "socket", {"test_it.py": SOCKET}, args=("--disable-socket", "--allow-unix-socket"), exit=1),
    Row("pytest-split", "split", {"test_it.py": SPLIT}, args=("--splits=2", "--group=1")),
    Row("pytest-split", "split", {"test_it.py": SPLIT}, args=("--splits=2", "--group=2"), variant="second"),
    Row("pytest-subtests", "subtests", {"test_it.py": SUBTESTS}, exit=1),
    Row("syrupy", "syrupy", SYRUPY, exit=1, said=("1 snapshot failed.", "1 snapshot passed.")),
    Row("pytest-timeout", "timeout", {"test_it.py": TIMEOUT}, exit=1, said=("Timeout (>0.3s)",)),
    Row("pytest-testmon", "testmon", {"test_it.py": MIXED}, exit=1),
    Row("pytest-parallel", "parallel", {"test_it.py": MIXED}, exit=1),
)
