"""One worker without xdist's identity: the zygote becomes it and runs everything in pytest's order."""


def test_outcomes_by_phase(project, single):
    project(
        test_a="""
        import pytest
        def test_pass(): pass
        def test_fail(): assert 1 == 2
        def test_skip(): pytest.skip("no")
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_error(broken): pass
        @pytest.fixture
        def late():
            yield
            raise RuntimeError
        def test_late(late): pass
        """
    )
    worker, bye = single()
    assert worker.outcomes() == {
        "test_a.py::test_pass": "ppp",
        "test_a.py::test_fail": "pfp",
        "test_a.py::test_skip": "psp",
        "test_a.py::test_error": "fp",
        "test_a.py::test_late": "ppf",
    }
    assert bye["exit"] == 1
    assert worker.report("test_fail", "call")["envelope"]["short"] == "assert 1 == 2"
    assert "def test_fail(): assert 1 == 2" in worker.report("test_fail", "call")["envelope"]["text"]
    assert worker.report("test_pass", "call")["envelope"] is None


def test_suite_properties_are_told_where_a_junit_file_is_asked_for(project, single):
    project(test_a="def test_1(record_testsuite_property): record_testsuite_property('arch', 'A')\n")
    assert single()[1]["suite_properties"] == []
    assert single("--junitxml=j.xml")[1]["suite_properties"] == [["arch", "A"]]


def test_fixtures_warn_as_beside_pytests_junit_file(project, single):
    project(test_a="def test_1(record_property): record_property('key', 1)\n")
    worker, _ = single("--junitxml=j.xml")
    assert "record_property is incompatible with junit_family 'xunit2'" in worker.all("WARNING")[0]["message"]
