"""What is wrong with the command line is said once, as pytest says it, however many workers there are."""

import pytest

FILES = {f"test_{name}.py": "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_n(n): pass\n" for name in "abcdef"}


@pytest.mark.parametrize("option", ["-k", "-m"])
@pytest.mark.parametrize("args", [["-n", "1"], ["-n", "2"], ["-n", "4", "--collect", "file"], ["-n", "4", "--collect", "whole"]], ids=" ".join)
def test_a_wrong_expression_is_told_once_as_pytest_tells_it(make_project, option, args):
    project = make_project(FILES)
    truth, run = project.pytest(option, "a and"), project.run(option, "a and", *args)
    assert (run.exit, truth.exit) == (4, 4)
    assert run.stderr == truth.stderr and run.stderr.startswith(f"ERROR: Wrong expression passed to '{option}': a and: at column 6: expected")
    assert "Wrong expression" not in run.stdout and "no tests ran" in run.stdout
