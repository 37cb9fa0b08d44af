"""One mapping of a task file, read key by key; what is wrong is noted and a default returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gitops.model.diagnostics import Severity
from gitops.spec.build import Values
from gitops.spec.findings import Finding, Path, dotted, shown
from gitops.spec.limits import PROBLEMS
from gitops.spec.nearest import nearest
from gitops.spec.scope import text as as_text
from gitops.spec.units import YEAR

LIST_HINT = "write a list: [...], or lines that begin with a dash"
# The spellings of YAML 1.1 (https://yaml.org/type/bool.html), by which Azure reads task files.
_TRUTH = {
    **dict.fromkeys(("y", "yes", "on", "true"), True),
    **dict.fromkeys(("n", "no", "off", "false"), False),
}


class Table(NamedTuple):
    """A mapping at a path; findings are appended as they are made.

    A key without a value counts as one that is not there, as in Azure: a template may render none.
    """

    found: Values
    path: Path
    findings: list[Finding]

    def complain(
        self, key: str | int, message: str, hint: str = "", *, at_key: bool = False
    ) -> None:
        """Note an error at the value under a key, or at the key."""
        self.complain_at((key,), message, hint, at_key=at_key)

    def complain_at(
        self, below: Path, message: str, hint: str = "", *, at_key: bool = False
    ) -> None:
        """Note an error at the value at a path below this mapping."""
        path = (*self.path, *below)
        self.findings.append(Finding(path, f"{dotted(path)}: {message}", hint, at_key=at_key))

    def warn(self, key: str, message: str, hint: str = "") -> None:
        """Note a warning at a key."""
        path = (*self.path, key)
        text = f"{dotted(path)}: {message}"
        self.findings.append(Finding(path, text, hint, at_key=True, severity=Severity.WARNING))

    def near(self, name: str, known: Iterable[str], what: str = "known ones are") -> str:
        """Return the nearest known name as a hint; it takes a millisecond, so not for ever."""
        return nearest(name, known, what) if len(self.findings) < PROBLEMS else ""

    def known(self, keys: Iterable[str], hints: Mapping[str, str]) -> None:
        """Note every key that is not among `keys`, with its own hint or the nearest known one."""
        names = frozenset(keys)
        for key in self.found:
            if key not in names:
                hint = hints.get(key) or self.near(key, names)
                self.complain(key, "unknown key", hint, at_key=True)

    def text(self, key: str, default: str = "") -> str:
        """Return a text; a number or truth value counts as it is written."""
        value = self.found.get(key)
        if value is None:
            return default
        if isinstance(value, dict | list):
            self.complain(key, f"expected text, found {shown(value)}")
            return default
        return as_text(value)

    def truth(self, key: str) -> bool:
        """Return true or false; false when there is nothing."""
        value = self.found.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        known = _TRUTH.get(value.lower()) if isinstance(value, str) else None
        if known is None:
            self.complain(key, f"expected true or false, found {shown(value)}")
        return bool(known)

    def whole(self, key: str, default: int, least: int = 0) -> int:
        """Return a whole number of at least `least`, which may be written as text."""
        value = self.found.get(key)
        if value is None:
            return default
        written = as_text(value) if isinstance(value, int | str) else ""
        digits = written.isascii() and written.removeprefix("-").isdigit() and len(written) < 19  # noqa: PLR2004 - a machine word
        if isinstance(value, bool) or not digits:
            self.complain(key, f"expected a whole number, found {shown(value)}")
        elif not least <= int(written) <= YEAR:
            self.complain(key, f"expected {least} to {int(YEAR)}, found {written}")
        else:
            return int(written)
        return default

    def number(self, key: str) -> float:
        """Return a number, which may be written as text; 0 when there is nothing."""
        value = self.found.get(key)
        if value is None or value == "" or (value == 0 and not isinstance(value, bool)):
            return 0.0
        numeric = isinstance(value, int | Decimal | str) and not isinstance(value, bool)
        try:
            number = Decimal(as_text(value)) if numeric else Decimal(0)
        except ArithmeticError:
            number = Decimal(0)
        if number.is_finite() and Decimal("0.001") <= number <= Decimal(4096):
            return float(number)
        self.complain(key, f"expected 0.001 to 4096, found {shown(value)}")
        return 0.0

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; items that are none are left out, and noted."""
        value = self._list(key)
        for number, item in enumerate(value):
            if item is None or isinstance(item, dict | list):
                self.complain_at((key, number), f"expected text, found {shown(item)}")
        return tuple(as_text(item) for item in value if not isinstance(item, dict | list | None))

    def tables(self, key: str) -> list[Table]:
        """Return the mappings of a list; items that are none are left out, and noted."""
        value = self._list(key)
        for number, item in enumerate(value):
            if not isinstance(item, dict):
                self.complain_at((key, number), f"expected a mapping, found {shown(item)}")
        return [
            Table(item, (*self.path, key, number), self.findings)
            for number, item in enumerate(value)
            if isinstance(item, dict)
        ]

    def _list(self, key: str) -> list[object]:
        """Return a list; one whose items are all commented out, or not rendered, has none."""
        value = self.found.get(key)
        if value is None or isinstance(value, list):
            return value or []
        self.complain(key, f"expected a list, found {shown(value)}", LIST_HINT)
        return []
