"""Envelopes of phases that passed and had nothing to tell, for when reports are wanted in full.

Most of such a report is the same for the three phases of an item, and its shape for all items: the shape is learned
from one real report, what an item contributes is written as JSON once, and a phase fills in its name and times.
"""

from __future__ import annotations

from json.encoder import encode_basestring as _quoted
from types import FunctionType

import pytest

from fastest import core_protocol, known_hooks
from fastest.reports import Envelopes
from fastest.wire import encode, to_utf8

_BY_ITEM = frozenset(["nodeid", "location", "keywords"])
_BY_PHASE = frozenset(["when", "start", "stop", "duration"])


class PassedEnvelopes:
    """The last item's part is kept. `is_usable` is False where a plugin has a say in how reports are written."""

    def __init__(self, config: pytest.Config, envelopes: Envelopes) -> None:
        self._envelopes = envelopes
        self.is_usable = known_hooks.are_core(config, "pytest_report_to_serializable")
        self._shape: list[tuple[str, str | None]] = []  # (name, JSON; None: the item's or the phase's).
        self._item: pytest.Item | None = None
        self._keywords = -1
        self._format = ""
        self._files: dict[str, str] = {}  # A code object's file -> the same in a report's location.
        self._prefix: tuple[pytest.Collector | None, str] = (None, "")

    def of(self, item: pytest.Item, when: str, start: float, stop: float, duration: float) -> bytes:
        keywords = core_protocol.count_keywords(item)
        if item is not self._item or keywords != self._keywords:
            self._item, self._keywords = item, keywords
            self._format = self._format_for(item)
        known = {"when": f'"{when}"', "start": repr(start), "stop": repr(stop), "duration": repr(duration)}
        return to_utf8(self._format % known)

    def _format_for(self, item: pytest.Item) -> str:
        """The envelope with %(name)s for what the phase fills in."""
        if not self._shape:
            self._learn(item)
        keywords = ",".join([f"{_quoted(name)}:1" for name in item.keywords])
        file, line, name = self.location(item)
        pieces = {
            "nodeid": _quoted(item.nodeid),
            "keywords": f"{{{keywords}}}",
            "location": f"[{_quoted(file)},{encode(line)},{_quoted(name)}]",
        }
        parts = []
        for name, text in self._shape:
            text = pieces.get(name, text)
            parts.append(f'"{name}":' + (f"%({name})s" if text is None else text.replace("%", "%%")))
        return f'{{"report":{{{",".join(parts)}}}}}'

    def location(self, item: pytest.Item) -> tuple[str, int | None, str]:
        """item.location, which looks at the file system for each item; here, for one of each file."""
        if not self.locates(item):
            return item.location
        code = getattr(item.obj, "__func__", item.obj).__code__
        file = self._files.get(code.co_filename)
        if file is None:
            file = self._files[code.co_filename] = item.location[0]
        if self._prefix[0] is not item.parent:
            self._prefix = item.parent, item.getmodpath()[: -len(item.name)]
        return file, code.co_firstlineno - 1, self._prefix[1] + item.name

    @staticmethod
    def locates(item: pytest.Item) -> bool:
        """Whether the function is where its code says, so that nothing has to be looked up."""
        function = getattr(item.obj, "__func__", item.obj)
        return type(function) is FunctionType and not hasattr(function, "__wrapped__") and not hasattr(function, "place_as")

    def _learn(self, item: pytest.Item) -> None:
        report = pytest.TestReport.from_item_and_call(item, core_protocol.passed_call("call", 0.0, 0.0, 0.0))
        for name, value in self._envelopes.of(report)["report"].items():
            self._shape.append((name, None if name in _BY_ITEM or name in _BY_PHASE else encode(value)))
