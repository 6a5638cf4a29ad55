"""Our own options, and pytest's reports as files."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from compare import closing_counts, outcomes, short_summary
from running import PROGRAM, PYTHON, STAND_IN

ours_only = pytest.mark.skipif(bool(STAND_IN), reason="an option of ours")

ALL_OUTCOMES = {
    "pytest.ini": "[pytest]\njunit_family = {family}\njunit_logging = {logging}\n",
    "test_a.py": """
    import pytest, unittest, warnings
    @pytest.fixture
    def bad_setup():
        print("setting up")
        assert 0, "setup"
    @pytest.fixture
    def bad_teardown():
        yield
        assert 0, "teardown"
    def test_pass(record_property):
        print("said")
        record_property("key", "value & <more>")
    def test_fail():
        print("out \\x1b[31m \\x00")
        assert 1 == 2, "<&>"
    def test_error(bad_setup): pass
    def test_both(bad_teardown):
        assert 0, "call"
    def test_teardown(bad_teardown): pass
    def test_skip():
        pytest.skip("why & not")
    @pytest.mark.skip(reason="mark")
    def test_skip_mark(): pass
    @pytest.mark.xfail(reason="known")
    def test_xfail(): assert 0
    @pytest.mark.xfail
    def test_xpass(): pass
    @pytest.mark.xfail(strict=True)
    def test_strict(): pass
    @pytest.mark.parametrize("x", ["a b", "<x>", "ü"])
    def test_param(x): warnings.warn("w")
    class TestK:
        def test_m(self): pass
    class TestU(unittest.TestCase):
        def test_u(self): self.fail("u")
    """,
    "sub/test_b.py": "def test_b(record_testsuite_property):\n    record_testsuite_property('suite', 'yes')\n",
}


def all_outcomes(family: str = "xunit2", logging: str = "all") -> dict[str, str]:
    return {**ALL_OUTCOMES, "pytest.ini": ALL_OUTCOMES["pytest.ini"].format(family=family, logging=logging)}


def junit(text: str) -> str:
    """The file without times and host."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        for name in ("time", "timestamp", "hostname"):
            element.attrib.pop(name, None)
        for child in element:
            if child.text:
                child.text = re.sub(r"0x[0-9a-f]+", "0x…", child.text).replace("ours.", "truth")
    return ElementTree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("family, logging", [("xunit2", "all"), ("xunit1", "no"), ("legacy", "system-out")])
def test_junitxml_is_pytests(make_project, family, logging, workers):
    files = all_outcomes(family, logging)
    truth, ours = make_project(files, "truth"), make_project(files, "ours.")
    args = ["-p", "no:cacheprovider", "--junitxml=out/junit.xml", "--junit-prefix=pre"]
    truth.pytest(*args)
    ours.run("-n", workers, *args)
    expected = junit(truth.read("out/junit.xml"))
    assert junit(ours.read("out/junit.xml")) == expected


@pytest.mark.parametrize("files", [{"test_a.py": "1 / 0\n"}, {"test_a.py": "import pytest\npytest.skip('m', allow_module_level=True)\n"}])
def test_junitxml_of_a_file_that_was_not_collected(make_project, files):
    files = {**files, "test_b.py": "def test_b(): pass\n"}
    truth, ours = make_project(files, "truth"), make_project(files, "ours.")
    truth.pytest("--junitxml=junit.xml")
    ours.run("-n", "2", "--junitxml=junit.xml")
    assert junit(ours.read("junit.xml")) == junit(truth.read("junit.xml"))


def test_closing_lines_are_pytests_in_one_worker(make_project):
    truth, ours = make_project(all_outcomes(), "truth"), make_project(all_outcomes(), "ours.")
    wanted, got = truth.pytest("-rA"), ours.run("-n", "1", "-rA")
    assert closing_counts(got) == closing_counts(wanted) and short_summary(got) == short_summary(wanted)


@pytest.mark.parametrize("args", [["-v"], ["-q"], ["-qq"], [], ["-vv", "-rA", "--no-header"], ["-x"], ["--tb=no"], ["-k", "nothing"], ["--co"]])
def test_text_of_one_worker_is_pytests_line_by_line(make_project, args):
    truth, ours = make_project(all_outcomes(), "truth"), make_project(all_outcomes(), "ours.")
    args = ["-p", "no:cacheprovider", *args]
    wanted, got = (timeless(run.stdout) for run in (truth.pytest(*args), ours.run("-n", "1", *args)))
    assert got == wanted


def timeless(text: str) -> list[str]:
    text = re.sub(r"\d+\.\d+s", "T", text)
    text = re.sub(r"(report log file: )\S+", r"\1…", text)
    lines = [re.sub(r"[=\-_!]{3,}", "==", line.rstrip()) for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("args", [["-n", "1"], ["-n", "2"]])
def test_warnings_alike_of_one_process_count_as_often_as_in_pytest(make_project, args):
    files = {"helper.py": "import warnings\ndef old(): warnings.warn('old', DeprecationWarning)\n", "test_a.py": "from helper import old\nold()\nold()\ndef test_a(): pass\n"}
    truth, ours = make_project(files, "truth"), make_project(files, "ours.")
    for most, code in (("2", 0), ("1", 6)):
        assert truth.pytest("--max-warnings", most).exit == ours.run("--max-warnings", most, *args).exit == code


@ours_only
def test_testrunuid_is_what_was_asked_for(make_project):
    files = {"test_a.py": "import os\ndef test_a(testrun_uid): assert testrun_uid == os.environ['PYTEST_XDIST_TESTRUNUID'] == 'mine'\n"}
    assert make_project(files).run("--testrunuid", "mine", "-n", "2").exit == 0


@ours_only
@pytest.mark.parametrize("args", [[], ["-v"], ["-q"], ["-n", "1"], ["-n", "1", "-v"]])
def test_a_pipe_gets_no_control_characters(make_project, args):
    files = {"test_a.py": "def test_f():\n    assert 0\n", "test_b.py": "def test_g(): pass\n"}
    run = make_project(files).run(*(args if "-n" in args else ["-n", "2", *args]))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", run.stdout + run.stderr)


@ours_only
@pytest.mark.parametrize(
    "env, args, coloured",
    [({"FORCE_COLOR": "1"}, [], True), ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False), ({"PY_COLORS": "1", "NO_COLOR": "1"}, [], True), ({}, ["--color=yes"], True), ({"PY_COLORS": "1"}, ["--color=no"], False)],
)
def test_colours_follow_pytests_rules(make_project, env, args, coloured):
    run = make_project({"test_a.py": "def test_f():\n    assert 0\n"}).run("-n", "2", *args, env=env)
    assert ("\x1b[" in run.stdout) == coloured


@ours_only
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_exit_that_is_green_says_how_many_tests_did_not_run(make_project, workers):
    tests = "import pytest\ndef test_f(): pass\ndef test_exit(): pytest.exit('bye', 0)\ndef test_g(): pass\ndef test_h(): pass\n"
    run = make_project({"test_a.py": tests}).run("-n", workers)
    assert run.exit == 0 and re.search(r"\n[1-4] tests? not run\n", run.stdout), run.stdout


@ours_only
def test_code_is_not_highlighted_where_the_option_says_so(make_project):
    run = make_project({"test_a.py": "def test_f():\n    assert 0\n"}).run("-n", "2", "--color=yes", "--code-highlight=no")
    assert ">       assert 0\n" in re.sub(r"\x1b\[(0|1|31)m", "", run.stdout), run.stdout


@ours_only
def test_parts_of_a_long_file_do_not_run_before_earlier_files(make_project):
    project = make_project(
        {
            "state.py": "touched = False",
            "test_a.py": "import state\ndef test_first(): assert not state.touched",
            "test_b.py": "import state\n" + "".join(f"def test_{i}(): state.touched = True\n" for i in range(62)),
        }
    )
    assert project.run("-n", "2", "--collect", "whole").exit == 0


def test_workers_have_xdists_identity_from_two_on(make_project):
    code = "import os\ndef test_f(request):\n    got = os.environ.get('PYTEST_XDIST_WORKER'), hasattr(request.config, 'workerinput')\n    assert got == {}, got\n"
    one = make_project({"test_a.py": code.format("(None, False)")}, "one").run("-n", "1")
    two = make_project({"test_a.py": code.format("('gw0', True)"), "test_b.py": ""}, "two").run("-n", "2")
    assert (one.exit, two.exit) == (0, 0), one.stdout + two.stdout


@ours_only
def test_json_report_counts_each_test(make_project):
    project = make_project(all_outcomes())
    run = project.run("-n", "2", "--json=report.json")
    report = json.loads(project.read("report.json"))
    assert isinstance(report, dict) and len({test["nodeid"] for test in report["tests"]}) == len({key[0] for key in outcomes(run)})


@ours_only
@pytest.mark.parametrize("option", [["--parser=ast"], ["--parser=regex"], ["--parser", "ast"], ["--no-cache"], ["--collect=file"], ["--collect=whole"], ["--collect=auto"]])
def test_options_of_ours_change_no_result(make_project, option):
    truth = make_project(all_outcomes(), "truth").pytest()
    run = make_project(all_outcomes(), "ours.").run("-n", "2", *option)
    assert outcomes(run) == outcomes(truth) and run.exit == truth.exit


@ours_only
@pytest.mark.parametrize("option", ["--parser=perl", "--collect=some", "--hang-timeout=soon", "--no-such-option-of-anybody"])
def test_wrong_options_are_usage_errors_in_one_line(make_project, option):
    run = make_project({"test_a.py": "def test_f(): pass\n"}).run("-n", "2", option)
    assert run.exit == 4 and option.partition("=")[2] in run.stderr and "Traceback" not in run.stderr


@ours_only
def test_a_python_that_is_not_there_says_so(make_project):
    project = make_project({"test_a.py": "def test_f(): pass\n"})
    done = subprocess.run([PROGRAM, "--python=/no/such/python"], cwd=project.root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and "/no/such/python" in done.stderr


@ours_only
@pytest.mark.parametrize("option", [["-n", "2", "-n", "1"], ["--parser=regex", "--parser=ast"]])
def test_the_last_of_a_repeated_option_wins(make_project, option):
    run = make_project({"test_a.py": "def test_f(): pass\n"}).run(*option)
    assert run.exit == 0, run.stderr


@ours_only
def test_a_python_without_pytest_says_so(make_project):
    python = next((path for path in ("/usr/bin/python3",) if os.path.exists(path) and lacks_pytest(path)), None)
    if not python:
        pytest.skip("no Python without pytest here")
    project = make_project({"test_a.py": "def test_f(): pass\n"})
    done = subprocess.run([PROGRAM, "--python", python, "-n", "2"], cwd=project.root, capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, 5) and "pytest" in done.stdout + done.stderr


def lacks_pytest(python: str) -> bool:
    return subprocess.run([python, "-c", "import pytest"], capture_output=True).returncode != 0


@ours_only
@pytest.mark.parametrize(
    "table, words",
    [("nonsense = 1", ["pyproject.toml", "nonsense"]), ("workers = [", ["pyproject.toml"]), ("parser = 3", ["pyproject.toml", "parser"])],
)
def test_a_wrong_table_of_ours_names_file_and_key(make_project, table, words):
    files = {"pyproject.toml": f"[project]\nname = 'x'\n[tool.fastest]\n{table}\n", "test_a.py": "def test_f(): pass\n"}
    run = make_project(files).run("-n", "2")
    assert run.exit == 4 and all(word in run.stderr for word in words), run.stderr


@ours_only
def test_version_and_help(make_project):
    for option in ("--version", "-V", "--help"):
        done = subprocess.run([PROGRAM, option], capture_output=True, text=True, timeout=60, cwd=make_project({}, option).root)
        assert done.returncode == 0 and "fastest" in done.stdout + done.stderr


@ours_only
@pytest.mark.parametrize("subcommand", ["agent", "ci", "coordinator", "discover", "k8s", "keygen", "merge", "slurm", "ssh", "workers"])
def test_each_subcommand_says_how_it_is_called(make_project, subcommand):
    done = subprocess.run([PROGRAM, subcommand, "--help"], capture_output=True, text=True, timeout=60, cwd=make_project({}).root)
    assert done.returncode == 0 and "usage: fastest" in done.stdout and f"fastest {subcommand} " in done.stdout, done.stderr


@ours_only
@pytest.mark.parametrize("parser", ["ast", "regex"])
def test_discover_lists_without_python(make_project, parser):
    project = make_project({**all_outcomes(), "sub/test_c.py": "class TestA:\n    class TestB:\n        def test_deep(self): pass\n"})
    done = subprocess.run([PROGRAM, "discover", "--parser", parser, "--no-cache"], cwd=project.root, capture_output=True, text=True, timeout=60, env={"PATH": "/nowhere", "HOME": str(project.base)})
    assert done.returncode == 0, done.stderr
    assert {"test_a.py::test_pass", "test_a.py::TestU::test_u", "sub/test_c.py::TestA::TestB::test_deep"} <= set(done.stdout.split())


@pytest.mark.parametrize("args", [["--collect-only", "-q"], ["--co", "-qq"], ["--co"], ["--co", "-q", "-k", "param"], ["--co", "-q", "nowhere"]])
def test_collect_only_prints_what_pytest_prints(make_project, args):
    truth, ours = make_project(all_outcomes(), "truth"), make_project(all_outcomes(), "ours.")
    wanted, got = truth.pytest(*args), ours.run("-n", "2", *args)
    assert (got.exit, timeless(got.stdout)) == (wanted.exit, timeless(wanted.stdout))


@pytest.mark.parametrize("args", [["--markers"], ["--fixtures"], ["--setup-plan"], ["--trace-config"], ["--cache-show"]])
def test_options_that_only_show_are_pytests(make_project, args):
    truth, ours = make_project(all_outcomes(), "truth"), make_project(all_outcomes(), "ours.")
    wanted, got = truth.pytest(*args), ours.run("-n", "2", *args)
    assert got.exit == wanted.exit
    if "--trace-config" not in args:
        assert timeless(got.stdout) == timeless(wanted.stdout)


@ours_only
def test_verbose_shows_the_plan_and_where_time_went(make_project):
    files = {f"test_{i}.py": "import time\ndef test_f():\n    time.sleep(0.05)\n" for i in range(4)}
    run = make_project(files).run("-n", "2", "-v")
    assert "gw0" in run.stdout and "parallel floor" in run.stdout.lower()


def test_the_suite_uses_the_python_it_names():
    done = subprocess.run([PYTHON, "-c", "import pytest, pytest_reportlog"], capture_output=True, text=True)
    assert done.returncode == 0, f"{PYTHON} ({sys.version}) lacks something: {done.stderr}"
