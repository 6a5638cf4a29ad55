"""Every case of the tables against plain pytest: the same tests, outcomes, texts and exit status.

FASTEST_VARIANTS chooses the command lines, as in "1 2 4 2:file 2:whole" (workers, how to collect). Without it every
case runs with -n 2 and a third of them, by name, with -n 1 and a sixth with -n 4 as well: the suite has minutes, not hours.
"""

import os
import zlib

import pytest
from case import Case
from compare import compare
from running import fresh_project, run_ours, truth_of

import cases_collect
import cases_ends
import cases_fixtures
import cases_hooks
import cases_marks
import cases_odd
import cases_options
import cases_output
import cases_params
import cases_process
import cases_protocol
import cases_python
import cases_unittest

TABLES = [
    cases_python,
    cases_params,
    cases_fixtures,
    cases_unittest,
    cases_marks,
    cases_hooks,
    cases_protocol,
    cases_collect,
    cases_options,
    cases_output,
    cases_process,
    cases_ends,
    cases_odd,
]
CASES = {
    f"{table.__name__.removeprefix('cases_')}: {name}": case for table in TABLES for name, case in table.CASES.items()
}
# What the product does otherwise than pytest with several workers: case -> why.
OPEN = {
    "hooks: configure says usage error": "the header is out before pytest_configure is called, so a closing line follows it",
    "options: --basetemp": "a report more: the folder is made before workers collect, as xdist does, and is in the tree",
}
VARIANTS = os.environ.get("FASTEST_VARIANTS", "").split()
LOOSE = frozenset(os.environ.get("FASTEST_LOOSE", "").split())  # For stand-ins: "stdout collect".
WITHOUT_CACHE = ["-p", "no:cacheprovider"]


def variant_args(variant: str) -> list[str]:
    workers, _, collect = variant.partition(":")
    return ["-n", workers, *([f"--collect={collect}"] if collect else [])]


def chosen() -> list:
    pairs = []
    for name, case in CASES.items():
        share = zlib.crc32(name.encode()) % 6
        for variant in VARIANTS or ["2", *{0: ["1"], 3: ["1"], 1: ["4"]}.get(share, [])]:
            several = variant.partition(":")[0] != "1"
            marks = [pytest.mark.xfail(strict=True, reason=OPEN[name])] if several and name in OPEN else []
            pairs.append(pytest.param(case, variant, id=f"{name}-n{variant}", marks=marks))
    return pairs


@pytest.mark.parametrize("case, variant", chosen())
def test_ends_as_in_pytest(case: Case, variant: str, tmp_path):
    workers = int(variant.partition(":")[0])
    if case.missing():
        pytest.skip(f"{case.needs} is not installed")
    if case.workers and workers not in case.workers:
        pytest.skip(f"means nothing with -n {workers}")
    args = [*WITHOUT_CACHE, *case.args]
    truth = truth_of(case, tmp_path / "truth", args)
    assert case.expects(truth.exit), f"plain pytest ends with {truth.exit}\n{truth.stdout[-2000:]}{truth.stderr[-1000:]}"
    base = tmp_path / "ours."  # As long as "truth": texts are cut by length.
    ours = run_ours(fresh_project(base, case), base, [*variant_args(variant), *args], case.env)
    loose = (case.loose - ({"tests"} if workers < 2 else set())) | LOOSE
    differences = compare(truth, ours, loose, ordered=workers < 2)
    # A lone surrogate in a report must not break the report of this very test.
    assert not differences, "\n".join(differences).encode("utf-8", "backslashreplace").decode()
