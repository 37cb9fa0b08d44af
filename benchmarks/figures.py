"""What a measurement returns, and how it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: ours, what it is compared with, and what was promised; texts with units."""

    what: str
    ours: str
    other: str
    ratio: str
    limit: str
    met: bool | None
    """None where nothing was promised."""


class Section(NamedTuple):
    """The figures of one measurement, and what a reader has to know of them."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()


def seconds(value: float) -> str:
    """Return a time as text, in the unit that suits it."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def against(what: str, ours: float, other: tuple[str, float], limit: float | None) -> Row:
    """Return the row of a ratio that may be at most `limit`."""
    name, theirs = other
    ratio = ours / theirs
    return Row(
        what,
        seconds(ours),
        f"{name} {seconds(theirs)}",
        f"{ratio:.2f}",
        f"at most {limit:g}" if limit is not None else "",
        ratio <= limit if limit is not None else None,
    )


def as_markdown(section: Section) -> str:
    """Return the section as a heading, a table and its notes."""
    lines = [f"## {section.title}", ""]
    lines += ["| what | gitops | compared with | ratio | limit | |", "|---|---|---|---|---|---|"]
    words = {True: "met", False: "**missed**", None: ""}
    for row in section.rows:
        cells = (row.what, row.ours, row.other, row.ratio, row.limit, words[row.met])
        lines.append(f"| {' | '.join(cells)} |")
    for note in section.notes:
        lines += ["", note]
    return "\n".join([*lines, ""])
