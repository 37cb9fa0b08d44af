"""How what a run makes on an engine says whose it is: labels."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.drivers.base import DriverError, ErrorKind, RunMark
from gitops.model.observed import OURS

LABEL_RUN = "gitops.run"
_LABELS = {
    "run": LABEL_RUN,
    "project": f"{LABEL_RUN}.project",
    "host": f"{LABEL_RUN}.host",
    "process": f"{LABEL_RUN}.process",
}


def labels_of(mark: RunMark, own: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a thing: a step's own, and those that tell its run.

    Raises INVALID for one of its own that would pass it off as something else of ours.
    """
    for name in own:
        if name.startswith(OURS):
            raise DriverError(
                ErrorKind.INVALID,
                f"label {name} cannot be given to a step's container",
                f"labels that begin with `{OURS}` are kept for gitops; give it another name",
            )
    return {**own, **{_LABELS[field]: value for field, value in mark._asdict().items()}}


def mark_of(labels: Mapping[str, str] | None) -> RunMark:
    """Return what labels tell of a run; a field that has no label is empty."""
    found = labels or {}
    return RunMark(**{field: found.get(label, "") for field, label in _LABELS.items()})
