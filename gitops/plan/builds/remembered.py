"""What a task was made from last, as far as that is remembered."""

from __future__ import annotations

from gitops.model.address import Address
from gitops.model.observed import Inputs
from gitops.model.plan import History
from gitops.model.task_inputs import BuildInputs
from gitops.model.task_snapshots import BuildSnapshot
from gitops.plan.encoding import UnreadableError, decode


def last_inputs(history: History, task: Address) -> BuildInputs | None:
    """Return what a task, or one of its offshoots, was made from last."""
    kept = history.built.get(task)
    if kept is None:
        return None
    try:
        return decode(BuildSnapshot, kept.snapshot).image.inputs
    except UnreadableError:
        return None  # by another version


def recall(inputs: Inputs, history: History) -> Inputs:
    """Return the inputs with what each task was made from last.

    Without it a base image that cannot be seen, or a trigger that was switched off, would be
    missing from what the image is made from, and the task would run again because of that.
    """
    known = {task: found for task in history.built if (found := last_inputs(history, task))}
    return inputs._replace(before=known)
