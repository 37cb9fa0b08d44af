"""Makes what a plan's steps write with while the lease is taken and the sources are read again.

A builder asks every docker CLI for its version, and the libraries of what writes take 200 ms to
load. All of that would otherwise pass between a commit and its build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial

from gitops.drivers.base import DriverError
from gitops.engine.looks.together import Look
from gitops.engine.ports import Site
from gitops.model.actions import Build, RunTask, Tag
from gitops.model.plan import Plan


@contextmanager
def preparing(plan: Plan, sites: Mapping[str, Site]) -> Iterator[None]:
    """Begin to make what `plan` needs of `sites`; a block that ends waits for what was begun.

    What cannot be made is not told here: the step that needs it finds the same, and says so.
    """
    actions = [step.action for step in plan.steps]
    targets = {action.target for action in actions if not isinstance(action, Tag)}
    builders = {action.target for action in actions if isinstance(action, Build | RunTask)}
    looks = [Look(partial(_quietly, sites[target].builder)) for target in sorted(builders)]
    looks += [Look(partial(_writers, sites[target])) for target in sorted(targets)]
    try:
        yield
    finally:
        for look in looks:
            look.result()


def _writers(site: Site) -> None:
    _quietly(site.engine)
    _quietly(site.gateway)


def _quietly(make: Callable[[], object]) -> None:
    with suppress(DriverError):
        make()
