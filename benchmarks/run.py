"""Measure, side by side in one run: `scripts/bench [NAME...]`.

Without a name everything is measured and benchmarks/RESULTS.md is written; with names these are
measured and printed. A Docker engine with the images of scripts/images and scripts/testapp is
needed. Everything that a measurement makes is removed when it ends, whichever way it ends.
"""

from __future__ import annotations

import argparse
import compileall
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import change
import compose
import first
import gateway
import machine
import memory
import noop
import pushes
import redeploy
import startup
import tasks
import validate
from figures import Section, as_markdown
from workspace import SOURCES, Workspace, workspace

MEASUREMENTS: Mapping[str, Callable[[Workspace], Section]] = {
    "startup": startup.measure,
    "validate": validate.measure,
    "noop": noop.measure,
    "first": first.measure,
    "commit": change.commit,
    "save": change.save,
    "gateway": gateway.measure,
    "redeploy": redeploy.measure,
    "memory": memory.measure,
    "tasks": tasks.measure,
    "pushes": pushes.measure,
}
RESULTS = Path(__file__).with_name("RESULTS.md")
INTRODUCTION = """# Results

Written by `make bench`. Times are medians of at least five rounds, 15 for what takes less than a
second; both sides are measured in turn within one run. A limit that was not kept says **missed**.
"""


def main() -> int:
    """Measure what was asked for; return the exit code: 1 when a limit was not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        parser.error(
            f"no measurement {', '.join(sorted(unknown))}; there are: {', '.join(MEASUREMENTS)}"
        )
    # As an installed package is: otherwise the first command of each kind would compile.
    compileall.compile_dir(SOURCES / "gitops", quiet=1)
    sections = []
    with workspace() as space:
        for name in names or MEASUREMENTS:
            began = time.monotonic()
            sections.append(MEASUREMENTS[name](space))
            print(as_markdown(sections[-1]), flush=True)
            print(f"({name} took {time.monotonic() - began:.0f} s)\n", flush=True)
        if not names:
            _write(sections, compose.versions(space))
    missed = [row.what for section in sections for row in section.rows if row.met is False]
    return 1 if missed else 0


def _write(sections: list[Section], versions: str) -> None:
    parts = [INTRODUCTION, machine.described(versions), "", *map(as_markdown, sections)]
    RESULTS.write_text("\n".join(parts))


if __name__ == "__main__":
    raise SystemExit(main())
