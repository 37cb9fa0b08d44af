"""What runs have left whose process died goes when images are made again, not on every look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitops.drivers.base import DriverError
from gitops.engine.looks.together import Look
from gitops.engine.ports import Reporter
from gitops.engine.scene import Scene
from gitops.engine.tasks.sweeping import end_records
from gitops.model.actions import Build, RunTask
from gitops.model.plan import Plan


@contextmanager
def sweeping(plan: Plan, scene: Scene, reporter: Reporter) -> Iterator[None]:
    """Take away what dead runs left, and end their records, beside a plan that makes images.

    A plan that makes none is not touched: it costs nothing then. What could not be taken away is
    told to the reporter; it is no reason not to go on.
    """
    actions = [step.action for step in plan.steps]
    targets = {action.target for action in actions if isinstance(action, Build | RunTask)}
    if not targets:
        yield
        return
    registrar, gone = scene.runs.registrar, scene.world.tools.gone
    end_records(registrar.book, registrar.project, gone)
    looks = [Look(_Sweep(scene, target, reporter)) for target in sorted(targets)]
    try:
        yield
    finally:
        for look in looks:
            look.result()


class _Sweep:
    """The sweep of one engine."""

    def __init__(self, scene: Scene, target: str, reporter: Reporter) -> None:
        self._scene = scene
        self._target = target
        self._reporter = reporter

    def __call__(self) -> None:
        """Take away what is there, and say what it was."""
        world, book = self._scene.world, self._scene.runs.registrar.book
        try:
            for line in world.tools.sweep(world.sites[self._target].tasks(), book):
                self._reporter.note(f"left by a run whose process died: {line}")
        except DriverError as error:
            # The steps meet the same engine, and say so of themselves.
            self._reporter.note(f"what dead runs have left could not be looked for: {error}")
