"""Records that fit into a frame: what is too long for the wire is cut, with a notice where it was."""

from __future__ import annotations

from fastest import wire

MOST = 48 << 20  # Bytes of one record.
_KEPT = (40 << 20, 16 << 20, 4 << 20, 1 << 20, 1 << 16, 1 << 12)  # Characters of one text, until all fits.


def to_json(value: object) -> bytes:
    """wire.to_json of the value, with its longest texts cut where they are more than a record holds."""
    record = wire.to_json(value)
    for kept in _KEPT if len(record) > MOST else ():
        record = wire.to_json(cut(value, kept))
        if len(record) <= MOST:
            break
    return record


def cut(value: object, kept: int) -> object:
    """The value with the middle of each longer text left out."""
    if isinstance(value, str) and len(value) > kept:
        half = kept // 2
        notice = f"\n[fastest: {len(value) - 2 * half} characters are left out here: a report may have {MOST >> 20} MiB]\n"
        return value[:half] + notice + value[-half:]
    if isinstance(value, dict):
        return {key: cut(each, kept) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [cut(each, kept) for each in value]
    return value
