"""Say which test tiers ran, from pytest's JUnit reports; exit 1 if one did not run in full."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET


class Tier(NamedTuple):
    """The counts of one report."""

    name: str
    tests: int
    failed: int
    skipped: int

    @property
    def ran(self) -> int:
        """How many tests were carried out, well or not."""
        return self.tests - self.skipped

    @property
    def problem(self) -> str:
        """Why this tier does not count as run; empty when it does."""
        if self.ran <= 0:
            return "no test ran"
        if self.name == "scenarios" and self.skipped:
            return f"{self.skipped} skipped: all of them have to run"
        return f"{self.failed} failed" if self.failed else ""


def read(report: Path) -> Tier:
    """Return the counts of a report; a report that is missing counts nothing."""
    if not report.exists():
        return Tier(report.stem, 0, 0, 0)
    # Our own pytest wrote it a moment ago, so the parser needs no guard against hostile XML.
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - see above

    def total(*names: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites for name in names)

    return Tier(report.stem, total("tests"), total("failures", "errors"), total("skipped"))


def main(arguments: list[str]) -> int:
    """Print a line for each report and return the exit code."""
    tiers = [read(Path(argument)) for argument in arguments]
    for tier in tiers:
        verdict = f"NOT OK: {tier.problem}" if tier.problem else "ok"
        print(f"tier {tier.name}: {tier.ran} ran, {tier.skipped} skipped, {verdict}")
    return 1 if any(tier.problem for tier in tiers) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
