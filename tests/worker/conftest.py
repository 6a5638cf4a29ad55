"""Fixtures that start zygotes on projects in tmp_path."""

from __future__ import annotations

import textwrap

import pytest
from fake_agent import FakeAgent


@pytest.fixture
def project(tmp_path):
    """Writes files: project({"test_a.py": "..."}) or project(test_a="...")."""

    def write(files=None, **modules):
        everything = {**(files or {}), **{f"{name}.py": text for name, text in modules.items()}}
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        for name, text in everything.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return tmp_path

    return write


@pytest.fixture
def agent(tmp_path):
    """Starts a zygote in tmp_path; all of them end with the test."""
    started = []

    def start(*argv, **more):
        started.append(FakeAgent(tmp_path, *argv, **more))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def single(agent):
    """Runs everything in one worker: (worker, BYE)."""

    def run(*argv, **more):
        one = agent(*argv, **more)
        one.ready()
        worker = one.become()
        worker.until("COLLECTED")
        return worker, worker.run_all()

    return run
