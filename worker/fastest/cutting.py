"""Records that fit into a frame, and reports that fit into memory: what is too long is cut, with a notice where it was."""

from __future__ import annotations

from fastest import wire

MOST = 48 << 20  # Bytes of one record.
MOST_OF_REPORT = 16 << 20  # Agent and coordinator hold it several times over, until the run ends.
_KEPT = (16 << 20, 7 << 20, 2 << 20, 1 << 18, 1 << 16, 1 << 12)  # Characters of one text, until all fits.


def to_json(value: object) -> bytes:
    """wire.to_json of the value, with its longest texts cut where they are more than a record holds."""
    return _fitting(value, MOST)


def _fitting(value: object, most: int) -> bytes:
    record = wire.to_json(value)
    for kept in _kept_of(most) if len(record) > most else ():
        record = wire.to_json(cut(value, kept, most))
        if len(record) <= most:
            break
    return record


def report_to_json(envelope: dict) -> bytes:
    """to_json of a report. What a test has printed is cut before it is encoded."""
    if any(len(text) > MOST_OF_REPORT for text in _printed(envelope)):
        envelope = cut(envelope, _kept_of(MOST_OF_REPORT)[0], MOST_OF_REPORT)
    return _fitting(envelope, MOST_OF_REPORT)


def _printed(envelope: dict) -> list[str]:
    report = envelope.get("report")
    sections = report.get("sections") if isinstance(report, dict) else None
    pairs = sections if isinstance(sections, (list, tuple)) else ()
    return [pair[1] for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[1], str)]


def _kept_of(most: int) -> list[int]:
    return [kept for kept in _KEPT if 2 * kept <= most]


def cut(value: object, kept: int, most: int) -> object:
    """The value with the middle of each longer text left out."""
    if isinstance(value, str) and len(value) > kept:
        half = kept // 2
        notice = f"\n[fastest: {len(value) - 2 * half} characters are left out here: a report may have {most >> 20} MiB]\n"
        return value[:half] + notice + value[-half:]
    if isinstance(value, dict):
        return {key: cut(each, kept, most) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [cut(each, kept, most) for each in value]
    return value
