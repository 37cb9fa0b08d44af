"""Tables on a terminal, and in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    color: bool,
    whole: Collection[str] = (),
) -> None:
    """Print rows under their names; in a pipe no line is broken, and those of `whole` nowhere."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name in whole)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(no_color=not color, highlight=False)
    if not sys.stdout.isatty():
        console.width = 10_000
    console.print(table)
