"""A bar chart as SVG text, made by hand so that nothing need be installed for it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

COLOURS = {"fastest": "#1a7f37", "pytest": "#8c959f", "xdist load": "#bf8700", "xdist worksteal": "#9a6700"}
BAR, GAP, LEFT, WIDTH = 16, 26, 150, 520


def bars(rows: Sequence[dict], about: dict) -> str:
    """A group of bars a suite, each group to its own scale: its slowest contestant fills the width."""
    parts, y = [], 44
    for row in rows:
        if not row["median"]:
            continue
        parts.append(_text(8, y + 12, f"{row['suite']} ({row['tests']})", "bold"))
        slowest = max(row["median"].values())
        for name, seconds in row["median"].items():
            width = max(1.0, WIDTH * seconds / slowest)
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{COLOURS.get(name, "#555")}"/>')
            parts.append(_text(LEFT + width + 6, y + 11, f"{name} {seconds:.2f} s"))
            y += BAR
        y += GAP
    title = f"Seconds, median of {about['rounds']}; n = {about['n']}; {about['cpu']}; Python {about['python']}, pytest {about['pytest']}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 190}" height="{y}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', _text(8, 22, title), *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y}" font-weight="{weight}">{escape(text)}</text>'
