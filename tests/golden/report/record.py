"""Records what pytest prints for a project of all outcomes, and the events that fastest's reporters would see of it.

Run by hand, with pytest 9.2, from the root of the repository:  python tests/golden/report/record.py
Writes tests/vectors/report/CASE.jsonl (the events) and tests/golden/report/CASE.txt (pytest's own output), CASE.xml, and pytest's cache. Paths and the
total time are made the same in both; everything else is as it came.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "vectors" / "report"
WORKER = HERE.parent.parent.parent / "worker"

PROJECT = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": """
import pytest

@pytest.fixture
def broken_setup():
    print("in broken setup")
    raise RuntimeError("no setup")

@pytest.fixture
def broken_teardown():
    yield
    print("in broken teardown")
    raise RuntimeError("no teardown")

@pytest.fixture
def loud_teardown():
    yield
    print("loud teardown")
""",
    "test_one.py": """
import logging, sys, warnings
import pytest

def test_passes(): pass

def test_fails(loud_teardown):
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger("app").warning("logged")
    left, right = {"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3]}
    assert left == right

def test_setup_error(broken_setup): pass

def test_teardown_error(broken_teardown): pass

def test_fails_twice(broken_teardown):
    assert 1 == 2, "a message\\nof two lines"

@pytest.mark.skip(reason="not today")
def test_skip_mark(): pass

@pytest.mark.skip(reason="not today")
def test_skip_mark_again(): pass

def test_skips_itself():
    pytest.skip("because of the moon, which is full and bright and needs a long reason so that it is cut")

@pytest.mark.xfail(reason="known bug")
def test_xfails(): assert False

@pytest.mark.xfail(run=False)
def test_xfail_not_run(): assert False

@pytest.mark.xfail
def test_xpasses(): pass

@pytest.mark.xfail(strict=True, reason="must fail")
def test_xpasses_strictly(): pass

class TestClass:
    @pytest.mark.parametrize("value", [1, "a b", "x/y::z", "漢字", "[]"])
    def test_parameters(self, value):
        assert value != "漢字", "漢字" * 40

def test_chained():
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("chained") from error

def test_subtests(subtests):
    for i in range(3):
        with subtests.test(msg="part", i=i):
            assert i != 1

def test_warns():
    warnings.warn(UserWarning("look out"))
    warnings.warn(DeprecationWarning("two\\nlines"))

def test_property(record_property):
    record_property("key", "a<b")
    print("\\x1b[31mred\\x1b[0m \\x07")
    assert "\\x00" == ""
""",
    "test_two.py": """
import warnings
import pytest

@pytest.mark.parametrize("n", range(64))
def test_many(n):
    if n < 12: warnings.warn("each of many")
""",
    "sub/test_skipped_module.py": "import pytest\npytest.importorskip('no_such_module_at_all')\n",
}
BROKEN = {"test_broken.py": "import no_such_module_at_all\n", "test_name.py": "undefined_name\n", "test_fine.py": "def test_a(): pass\n"}

CASES = {
    "default": [], "verbose": ["-v"], "very_verbose": ["-vv", "--tb=short"], "quiet": ["-q"], "very_quiet": ["-qq"],
    "all_reports": ["-rA", "--durations=5", "--xfail-tb"], "no_fold": ["-rs", "--no-fold-skipped", "--tb=line"],
    "color": ["--color=yes", "-ra"], "color_verbose": ["--color=yes", "-v", "--tb=short"], "first_failure": ["-x"],
    "deselected": ["-k", "passes or many", "--show-capture=no"], "nothing": ["-k", "nothing_of_this_name"],
    "collect_quiet": ["--collect-only", "-q", "-k", "not many"], "collect_very_quiet": ["--collect-only", "-qq"],
    "broken": ["BROKEN"], "narrow": ["COLUMNS=40", "-v"], "wide": ["COLUMNS=200"], "no_header": ["--no-header", "--no-summary", "--tb=no"],
    "classic": ["-o", "console_output_style=classic"], "count": ["-o", "console_output_style=count"],
    "junit_all": ["-o", "junit_logging=all", "-o", "junit_family=xunit1", "--junitprefix=pre"],
    "junit_failing": ["-o", "junit_logging=out-err", "-o", "junit_log_passing_tests=false", "-o", "junit_suite_name=s"],
    "cache": ["CACHE", "--tb=no"],
}

# The cases with the whole of each report, and pytest's XML file of it.
XML = ("default", "broken", "junit_all", "junit_failing")

PLUGIN = '''
import json, os, sys
sys.path.insert(0, os.environ["WORKER_DIR"])
import pytest
from fastest import reports

OPTIONS = """verbose reportchars tbstyle xfail_tb durations durations_min showcapture no_header no_summary fold_skipped force_short_summary
disable_warnings max_warnings collectonly capture setupshow xmlpath junitprefix lf""".split()
INI = """console_output_style verbosity_test_cases junit_suite_name junit_logging junit_log_passing_tests junit_duration_report
junit_family cache_dir max_warnings""".split()

class Recorder:
    def __init__(self, config):
        self.config = config
        self.out = open(os.environ["VECTOR"], "w")
        self.envelopes = None
        self.collect, self.deselected = [], 0

    def put(self, kind, **fields):
        self.out.write(json.dumps({"event": kind, **fields}) + "\\n")

    def of(self, report):
        if self.envelopes is None:
            color = self.config.get_terminal_writer().hasmarkup
            self.envelopes = reports.Envelopes(self.config, bool(os.environ["FULL"]), color, int(os.environ["COLUMNS"]))
        if report.when != "collect" and self.envelopes.is_plain(report): return None
        if report.when == "collect" and report.passed and not self.envelopes.full: return None
        return self.envelopes.of(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self):
        options = {name: getattr(self.config.option, name, None) for name in OPTIONS}
        ini = {}
        for name in INI:
            try: ini[name] = self.config.getini(name)
            except (KeyError, ValueError): pass
        self.put("started", ready={"pytest": pytest.__version__, "python": sys.version.split()[0], "platform": sys.platform,
            "header": [], "rootdir": str(self.config.rootpath),
            "invocation_dir": str(self.config.invocation_params.dir), "options": options, "ini": ini})

    def pytest_collectreport(self, report):
        self.collect.append([report.nodeid, report.outcome, self.of(report)])

    def pytest_deselected(self, items): self.deselected += len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session):
        errors = sum(1 for _, outcome, _ in self.collect if outcome == "failed")
        self.put("collected", ids=[item.nodeid for item in session.items], reports=self.collect, deselected=self.deselected, errors=errors)

    def pytest_runtest_logstart(self, nodeid): self.put("start", id=nodeid)
    def pytest_runtest_logfinish(self, nodeid): self.put("finish", id=nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        self.put("report", id=report.nodeid, when=report.when, outcome=report.outcome, duration=report.duration, start=report.start,
                 stop=report.stop, envelope=self.of(report))

    def pytest_warning_recorded(self, warning_message, when, nodeid, location):
        self.put("warning", envelope=reports.of_warning(warning_message, when, nodeid, location))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        reason = str(session.shouldfail or session.shouldstop or "")
        if exitstatus == 2: reason = "Interrupted: 2 errors during collection"
        self.put("finished", exit=int(exitstatus), reason=reason)
        self.out.close()

def pytest_configure(config):
    config.pluginmanager.register(Recorder(config))
'''


def record(name: str, arguments: list[str], folder: pathlib.Path) -> None:
    project = folder / "project"
    columns = "80"
    files = dict(PROJECT)
    if "BROKEN" in arguments:
        files = {"pytest.ini": "[pytest]\n", **BROKEN}
    if arguments and arguments[0].startswith("COLUMNS="):
        columns = arguments[0].removeprefix("COLUMNS=")
    for path, text in files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    (folder / "recorder_plugin.py").write_text(PLUGIN)
    vector = VECTORS / f"{name}.jsonl"
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "VECTOR": str(vector), "WORKER_DIR": str(WORKER), "COLUMNS": columns,
        "FULL": "1" if name in XML else "", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "LANG": "C.UTF-8",
    }
    cache = [] if "CACHE" in arguments else ["-p", "no:cacheprovider"]
    words = [word for word in arguments if word not in ("BROKEN", "CACHE") and not word.startswith("COLUMNS=")]
    xml = folder / "out.xml"
    command = [sys.executable, "-m", "pytest", "-p", "recorder_plugin", *cache, "-p", "no:xdist", "-p", "no:reportlog", f"--junitxml={xml}", *words]
    text = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False).stdout

    def plain(text: str) -> str:
        return text.replace(str(project), "/project").replace(str(xml), "/out.xml").replace(sys.base_prefix, "/python").replace(sys.prefix, "/venv")

    def normal(text: str) -> str:
        text = re.sub(r"-+ generated xml file: .*", lambda match: f" generated xml file: /out.xml ".center(int(columns), "-"), text)
        text = plain(text)
        return re.sub(r" in \d\.\d\ds", " in 0.12s", text)

    text = normal(text)
    (HERE / f"{name}.txt").write_text(text)
    header = re.findall(r"^(?:platform|rootdir|configfile|plugins|cachedir).*", text, re.MULTILINE)
    events = plain(vector.read_text())
    first, _, rest = events.partition("\n")
    started = json.loads(first)
    started["ready"]["header"] = header
    started["columns"] = int(columns)
    started["color"] = "--color=yes" in words
    vector.write_text(json.dumps(started) + "\n" + rest)
    for written in (project / ".pytest_cache" / "v" / "cache").glob("*"):
        (HERE / f"{name}_{written.name}.json").write_text(written.read_text())
    if name in XML:
        (HERE / f"{name}.xml").write_text(plain(xml.read_text()))


for case, case_arguments in CASES.items():
    if len(sys.argv) > 1 and case not in sys.argv[1:]:
        continue
    with tempfile.TemporaryDirectory() as scratch:
        record(case, case_arguments, pathlib.Path(scratch))
