"""Makes suites at random, of what suites are made of: fixtures of every scope, classes, parameters, marks, hooks, errors.

Every outcome is decided by the suite alone, so that plain pytest says what is right, however tests are distributed.
"""

from __future__ import annotations

from random import Random
from textwrap import dedent

_FAULTS = ("", "", "", "", "assert 0, 'bad {name}'", "raise ValueError('wrong {name}')", "pytest.skip('skipped {name}')", "pytest.xfail('known {name}')")
_MARKS = (
    "", "", "", "", "@pytest.mark.skip(reason='not now')", "@pytest.mark.skipif(True, reason='never')", "@pytest.mark.xfail",
    "@pytest.mark.xfail(strict=True)", "@pytest.mark.xfail(raises=ValueError)", "@pytest.mark.slow", "@pytest.mark.usefixtures('plain')",
    "@pytest.mark.fastest(serial=True)", "@pytest.mark.xdist_group('one')",
)  # fmt: skip
_SCOPES = ("session", "package", "module", "class", "function")
_CORE_ARGUMENTS = ("monkeypatch", "capsys", "caplog", "request", "record_property")
_HOOKS = {
    "teardown that reads the next item": """
        def pytest_runtest_teardown(item, nextitem):
            assert nextitem is None or nextitem.path
    """,
    "teardown that leaves the next item alone": "def pytest_runtest_teardown(item, nextitem): print('down', item.name)\n",
    "setup": "def pytest_runtest_setup(item):\n    if item.name.endswith('3'): pytest.skip('threes')\n",
    "report": """
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            report.sections.append(("extra " + call.when, item.name))
            return report
    """,
    "marks": """
        def pytest_collection_modifyitems(items):
            for item in items:
                if "[1]" in item.name: item.add_marker(pytest.mark.xfail(reason="ones"))
    """,
    "order": "def pytest_collection_modifyitems(items): items.sort(key=lambda item: item.name)\n",
    "deselection": """
        def pytest_collection_modifyitems(config, items):
            gone = [item for item in items if item.name.endswith("2")]
            items[:] = [item for item in items if item not in gone]
            config.hook.pytest_deselected(items=gone)
    """,
    "protocol": """
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(item, nextitem):
            item.user_properties.append(("protocol", item.name))
            return (yield)
    """,
    "calls": "def pytest_pyfunc_call(pyfuncitem): print('called', pyfuncitem.name)\n",
    "ignored": "def pytest_ignore_collect(collection_path): return True if collection_path.name == 'test_2.py' else None\n",
    "files of another kind": """
        class Line(pytest.Item):
            def runtest(self): assert self.name != "line 2"
            def repr_failure(self, excinfo): return f"{self.name}: {excinfo.value!r}"
        class Lines(pytest.File):
            def collect(self):
                for number, _ in enumerate(self.path.read_text().splitlines()):
                    yield Line.from_parent(self, name=f"line {number}")
        def pytest_collect_file(file_path, parent):
            return Lines.from_parent(parent, path=file_path) if file_path.suffix == ".lines" else None
    """,
    "finish": "def pytest_sessionfinish(session): session.was_finished = True\n",
}
_BROKEN = ("import missing_module\n", "def test_x(:\n", "raise RuntimeError('at import')\n", "import pytest\npytest.skip('all', allow_module_level=True)\n", "")


class RandomSuite:
    """`files`: path to text; `words`: options of the run, but for what workers there are."""

    def __init__(self, random: Random):
        self._random = random
        self.files: dict[str, str] = {"pytest.ini": "[pytest]\nmarkers =\n    slow: takes long\n    fastest: ours\n    xdist_group: xdist's\n"}
        self.words: list[str] = []
        self._folders = {"": ["plain", "counted"]}  # And what fixtures its conftest has.
        self._make_conftest("", ["plain", "counted"])
        for name in random.sample(["first", "second", "third"], random.randrange(3)):
            self._make_folder(name)
        for number in range(random.randint(1, 9)):
            self._make_file(number)
        if self.has(".lines"):
            self.files["some.lines"] = self.files["third/more.lines"] = "a\nb\nc\nd\n"
        if self.has("params=", "items.sort", "serial=True"):  # Classes may be set up more than once.
            self.files = {name: text.replace("print(cls.seen)", "pass") for name, text in self.files.items()}
        self._choose_words()

    def has(self, *words: str) -> bool:
        """Whether one of the words stands in a file."""
        return any(word in text for text in self.files.values() for word in words)

    def _some(self, chance: float) -> bool:
        return self._random.random() < chance

    def _make_folder(self, name: str) -> None:
        if self._some(0.5):
            self.files[f"{name}/__init__.py"] = ""
        own = []
        if self._some(0.6):
            own = ["counted"] * self._some(0.3) + [f"of_{name}"]
            self._make_conftest(f"{name}/", own)
        self._folders[f"{name}/"] = self._folders[""] + own
        if self._some(0.3):
            self.files[f"{name}/inner/__init__.py"] = ""
            self._folders[f"{name}/inner/"] = self._folders[f"{name}/"]

    def _make_conftest(self, folder: str, fixtures: list[str]) -> None:
        parts = ["import os, pytest\n"]
        for name in fixtures:
            scope = self._random.choice(_SCOPES)
            if name == "plain":
                parts.append("@pytest.fixture\ndef plain(): return 1\n")
            elif folder == "" and name == "counted":
                parts.append(
                    "@pytest.fixture(scope='session')\ndef counted():\n"
                    "    with open(os.path.join(os.path.dirname(__file__), 'counted'), 'a') as file: file.write(f'{os.getpid()}\\n')\n"
                    "    yield 'root'\n"
                )
            else:
                parts.append(self._fixture(name, scope, ["counted"] if name != "counted" and self._some(0.5) else []))
        if self._some(0.2):
            parts.append(self._fixture(f"always_{folder.strip('/') or 'root'}", self._random.choice(_SCOPES), [], autouse=True))
        for hook in self._random.sample(sorted(_HOOKS), self._random.choice((0, 0, 0, 1, 1, 2))):
            if folder == "" or hook not in ("order", "deselection", "finish", "protocol"):
                parts.append(dedent(_HOOKS[hook]).strip("\n") + "\n")
        self.files[f"{folder}conftest.py"] = "\n".join(_one_of_each_hook(parts))

    def _fixture(self, name: str, scope: str, needs: list[str], autouse: bool = False) -> str:
        words = [f"scope='{scope}'"] + ["autouse=True"] * autouse
        if self._some(0.15) and not autouse:
            words.append("params=['p', 'q']")
        before = after = "pass"
        if scope == "function":  # What wider ones print or leave behind, each worker tells.
            before, after = f"print('up {name}')", f"raise RuntimeError('{name} stays')" if self._some(0.04) else f"print('down {name}')"
        if self._some(0.04):
            before = f"assert 0, 'no {name}'"
        return f"@pytest.fixture({', '.join(words)})\ndef {name}({', '.join(needs)}):\n    {before}\n    yield '{name}'\n    {after}\n"

    def _make_file(self, number: int) -> None:
        folder = self._random.choice(sorted(self._folders))
        known = list(self._folders[folder])
        name = f"{folder}test_{number}.py"
        if self._some(0.06):
            self.files[name] = self._random.choice(_BROKEN)
            return
        parts = ["import logging, os, time, unittest, warnings, pytest\n"]
        if self._some(0.1):
            parts.append("pytestmark = pytest.mark.slow\n")
        for scope in self._random.sample(["module", "class", "function"], self._random.randrange(3)):
            known.append(f"own_{scope}")
            parts.append(self._fixture(known[-1], scope, self._random.sample(known[:2], self._random.randrange(2))))
        if self._some(0.2):
            parts.append(self._fixture("always", self._random.choice(["module", "function"]), [], autouse=True))
        if self._some(0.15):
            fault = "raise OSError('no module')" if self._some(0.1) else "module.is_up = True"
            parts.append(f"def setup_module(module): {fault}\ndef teardown_module(module): del module.is_up\n")
        for index in range(self._random.randint(0, 6)):
            make = self._random.choice((self._function, self._function, self._class, self._unittest, self._generated))
            parts.append(make(index, known))
        self.files[name] = "\n".join(parts)

    def _function(self, index: int, known: list[str], indent: str = "", method: bool = False) -> str:
        name = f"test_{index}"
        arguments = ["self"] * method
        arguments += self._random.sample(known, self._random.randrange(min(3, len(known)) + 1))
        arguments += self._random.sample(_CORE_ARGUMENTS, self._random.choice((0, 0, 1, 2)))
        lines = [self._random.choice(_MARKS)]
        if self._some(0.3):
            arguments.append("n")
            values = self._random.choice(("range(4)", "['same', 'same', 'x/y::z', '\\u00fc\\n']", "[object(), {}, 1j]", "['a', 'b-c', '']", "[1.5, None, True]", "[pytest.param(1, marks=pytest.mark.xfail), 2]", "[]"))
            lines.append(f"@pytest.mark.parametrize('n', {values})")
        lines.append(f"def {name}({', '.join(arguments)}):")
        if self._some(0.4):
            lines.append(f"    time.sleep({self._random.choice((0.001, 0.005, 0.02))})")
        if self._some(0.4):
            said = ("print('in {0}')", "logging.getLogger('own').warning('log of {0}')", "warnings.warn('warning of {0}')", "os.write(1, b'raw\\n')")
            lines.append("    " + self._random.choice(said).format(name))
        lines.append("    " + (self._random.choice(_FAULTS).format(name=name) or "pass"))
        return "".join(f"{indent}{line}\n" for line in lines if line)

    def _class(self, index: int, known: list[str]) -> str:
        lines = [f"class Test{index}:\n"]
        if self._some(0.3):
            lines.append("    def setup_class(cls): cls.seen = []\n    def teardown_class(cls): print(cls.seen)\n")
        if self._some(0.3):
            lines.append("    def setup_method(self): self.mine = 1\n    def teardown_method(self): print('method down')\n")
        if self._some(0.15):
            lines.append("    class TestInner:\n" + self._function(7, known, "        ", method=True))
        lines += [self._function(number, known, "    ", method=True) for number in range(self._random.randint(1, 5))]
        return "".join(lines)

    def _unittest(self, index: int, known: list[str]) -> str:
        broken = "raise unittest.SkipTest('no class')" if self._some(0.08) else "cls.there = True"
        lines = [f"class Unit{index}(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): {broken}\n"]
        for number in range(self._random.randint(1, 4)):
            body = self._random.choice(
                ("self.assertTrue(self.there)", "self.assertEqual(1, 2)", "self.skipTest('later')", "self.addCleanup(print, 'cleaned')",
                 "\n        for n in range(3):\n            with self.subTest(n=n): self.assertNotEqual(n, 5)")
            )  # fmt: skip
            lines.append(f"{'    @unittest.expectedFailure' + chr(10) if self._some(0.1) else ''}    def test_{number}(self): {body}\n")
        return "".join(lines)

    def _generated(self, index: int, known: list[str]) -> str:
        return f"for _n in range({self._random.randint(1, 4)}):\n    globals()[f'test_made_{index}_{{_n}}'] = lambda _n=_n: None\n"

    def _choose_words(self) -> None:
        if self._some(0.2):
            paths = sorted(name for name in self.files if name.endswith(".py") and "test_" in name)
            self.words += self._random.sample(paths, min(len(paths), 3))
        for words, chance in (
            (["-k", "not 1"], 0.05), (["-m", "not slow"], 0.05), (["--continue-on-collection-errors"], 0.6), (["--import-mode=importlib"], 0.1),
            (["-rA"], 0.1), (["--tb=short"], 0.1), (["-p", "no:doctest"], 0.05), (["-s"], 0.05), (["--runxfail"], 0.05), (["--strict-markers"], 0.1),
            (["--ignore=first"], 0.03), (["--deselect=test_1.py"], 0.03), (["-o", "xfail_strict=true"], 0.05), (["-W", "error::UserWarning"], 0.05),
            (["-o", "python_classes=Test Unit"], 0.03), (["--doctest-modules"], 0.05), (["--maxfail=2"], 0.05),
        ):  # fmt: skip
            if self._some(chance) and not (words == ["--maxfail=2"] and self.has("subTest")):  # These are reported more than once.
                self.words += words

    def workers(self) -> list[str]:
        """The words that say how the run is distributed."""
        words = ["-n", self._random.choice("1223468")]
        for options, chance in (
            (("--collect=file", "--collect=whole"), 0.6), (("--dist=loadfile", "--dist=loadscope", "--dist=loadgroup"), 0.2),
            (("--optimizer=optimized", "--optimizer=aggressive", "--batch-size=2"), 0.3),
        ):  # fmt: skip
            if self._some(chance):
                words.append(self._random.choice(options))
        return words


def _one_of_each_hook(parts: list[str]) -> list[str]:
    """Two hooks of one name in a module would be one."""
    kept, names = [], set()
    for part in parts:
        name = next((line.split("(")[0] for line in part.splitlines() if line.startswith("def pytest_")), None)
        if name is None or name not in names:
            kept.append(part)
        names.add(name)
    return kept
