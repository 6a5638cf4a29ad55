"""What plugins send between controller and workers survives the way through JSON."""

import json

import pytest

from fastest.values import from_wire, to_wire


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, True, "ü"]},
        b"\xff\0",
        (1, (b"2", [])),
        {1, 2},
        {1: "a", (2,): b"b"},
        {"$bytes": "not bytes"},
        {"nested": {"deep": [b"x", {"$tuple": 1, "other": 2}]}},
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(value):
    assert from_wire(json.loads(json.dumps(to_wire(value)))) == value


def test_what_has_no_form_goes_as_its_text():
    assert to_wire({"path": ValueError("why")}) == {"path": "why"}
