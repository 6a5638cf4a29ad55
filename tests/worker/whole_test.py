"""Whole mode: the zygote collects everything once, workers are forks of the collected session."""

SUITE = """
import os, pytest
@pytest.mark.parametrize("n", range(4))
def test_n(n): print("out of", n)
def test_id(worker_id, testrun_uid, tmp_path, request):
    assert worker_id == os.environ["PYTEST_XDIST_WORKER"] == request.config.workerinput["workerid"]
    assert os.environ["PYTEST_XDIST_WORKER_COUNT"] == "2"
    assert tmp_path.parent.name == "popen-" + worker_id
"""


def test_two_forks_share_the_items_and_have_identities_of_their_own(project, agent):
    project(test_a=SUITE)
    one = agent("-rP", n=2)
    one.ready()
    ids = one.collect()["ids"]
    assert len(ids) == 5
    first, second = one.fork("whole"), one.fork("whole")
    first.assign([{"unit": 0, "items": [[ids[0], 0], [ids[2], 0], [ids[4], 0]]}])
    second.assign([{"unit": 0, "items": [[ids[1], 0], [ids[3], 0], [ids[4], 0]]}])
    bye = first.stop()
    assert bye["exit"] == 0, [each["envelope"]["text"] for each in first.all("REPORT") if each["outcome"] == "failed"]
    assert second.stop()["exit"] == 0
    assert first.outcomes(ids) == {ids[0]: "ppp", ids[2]: "ppp", ids[4]: "ppp"}
    assert second.outcomes(ids) == {ids[1]: "ppp", ids[3]: "ppp", ids[4]: "ppp"}
    sections = [first.report("[0]", "call", ids), second.report("[1]", "call", ids)]
    assert [each["envelope"]["report"]["sections"] for each in sections] == [
        [["Captured stdout call", "out of 0\n"]],
        [["Captured stdout call", "out of 1\n"]],
    ]
    assert [one.until("EXITED")["status"] for _ in range(2)] == [0, 0]
    assert one.exit() == 0
