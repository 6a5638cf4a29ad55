"""What is too long for a frame is cut with a notice, and nothing else is."""

import json

from fastest import cutting


def test_what_fits_is_sent_as_it_is():
    record = {"report": {"sections": [["Captured stdout call", "x" * 1000]]}}
    assert json.loads(cutting.to_json(record)) == record


def test_a_text_that_does_not_fit_keeps_its_ends(monkeypatch):
    monkeypatch.setattr(cutting, "MOST", 1 << 20)
    monkeypatch.setattr(cutting, "_KEPT", (1 << 21, 1 << 18))
    text = "".join(f"line {n}\n" for n in range(200_000))
    sent = json.loads(cutting.to_json({"outcome": "failed", "sections": [["stdout", text], ["stderr", "short"]]}))
    assert sent["outcome"] == "failed" and sent["sections"][1] == ["stderr", "short"]
    kept = sent["sections"][0][1]
    assert kept.startswith("line 0\n") and kept.endswith("line 199999\n") and len(kept) < 270_000
    assert f"{len(text) - (1 << 18)} characters are left out here" in kept


def test_bytes_count_not_characters(monkeypatch):
    monkeypatch.setattr(cutting, "MOST", 1000)
    monkeypatch.setattr(cutting, "_KEPT", (500, 100))
    assert len(cutting.to_json({"text": "\0" * 600})) <= 1000


def test_what_a_test_has_printed_is_cut_before_it_is_encoded(monkeypatch):
    encoded = []
    monkeypatch.setattr(cutting.wire, "to_json", lambda value, encode=cutting.wire.to_json: encoded.append(value) or encode(value))
    text = "start" + "x" * (100 << 20) + "end"
    sent = cutting.report_to_json({"report": {"outcome": "failed", "sections": [["Captured stdout call", text]]}, "text": "E  assert 0"})
    assert len(sent) <= cutting.MOST_OF_REPORT and len(encoded) == 1
    kept = json.loads(sent)["report"]["sections"][0][1]
    assert kept.startswith("start") and kept.endswith("end") and "a report may have 16 MiB" in kept
    assert json.loads(sent)["text"] == "E  assert 0"


def test_the_ids_of_a_large_collection_are_not_cut(monkeypatch):
    ids = [f"test_a.py::test[{'x' * 5000}{n}]" for n in range(4000)]
    assert json.loads(cutting.to_json({"ids": ids}))["ids"] == ids
