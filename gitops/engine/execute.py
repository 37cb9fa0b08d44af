"""Carries a plan out: each step when those before it have ended well. It decides nothing."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from graphlib import TopologicalSorter
from threading import Event, Semaphore

from gitops.engine.perform import perform
from gitops.engine.record import Recorder
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import (
    RemoveContainer,
    StartContainer,
    StopContainer,
)
from gitops.model.outcomes import Done, Outcome, Retry, Skipped, Superseded
from gitops.model.plan import Plan, Step

_AT_ONCE = 96
"""Most steps wait for something else's answer, so there are more threads than cores; what waits for
its turn at the gateway must not keep others from starting."""

_STARTS_AT_ONCE = 8
"""An engine starts containers one after the other for the most part; with fewer begun at a time,
the first of many is up, and asked, while the others start. The same for stops and removals, of
which too many at once can leave a network that the engine (20.10) holds for in use."""


def execute(plan: Plan, scene: Scene, recorder: Recorder, cancel: Event) -> Mapping[int, Outcome]:
    """Return how each step of the plan ended. Raising `cancel` ends the waits and the builds."""
    return _Execution(scene, recorder, cancel).run(plan)


class _Execution:
    def __init__(self, scene: Scene, recorder: Recorder, cancel: Event) -> None:
        self._scene = scene
        self._recorder = recorder
        self._cancel = cancel
        self._limits: Mapping[type, AbstractContextManager[object]] = {
            StartContainer: Semaphore(_STARTS_AT_ONCE),
            StopContainer: Semaphore(_STARTS_AT_ONCE),
            RemoveContainer: Semaphore(_STARTS_AT_ONCE),
        }
        self._outcomes: dict[int, Outcome] = {}

    def run(self, plan: Plan) -> Mapping[int, Outcome]:
        steps = {step.number: step for step in plan.steps}
        order = TopologicalSorter({step.number: step.after for step in plan.steps})
        order.prepare()
        running: dict[Future[Outcome], Step] = {}
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="step") as pool:
            while order.is_active():
                for number in sorted(order.get_ready()):
                    running[pool.submit(self._step, steps[number])] = steps[number]
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    step = running.pop(future)
                    self._outcomes[step.number] = future.result()
                    order.done(step.number)
        return self._outcomes

    def _step(self, step: Step) -> Outcome:
        for number in step.after:
            before = self._outcomes[number]
            if not isinstance(before, Done):
                because = before.because_of if isinstance(before, Skipped) else number
                skipped = Skipped(because)
                self._recorder.ended(step, skipped, 0.0)
                return skipped
        with self._limit(step):
            return self._try(step)

    def _limit(self, step: Step) -> AbstractContextManager[object]:
        """Return what the step has to wait for; a gateway or a registry starts before all apps."""
        if isinstance(step.action, StartContainer) and step.address.kind != "WebApp":
            return nullcontext()
        return self._limits.get(type(step.action), nullcontext())

    def _try(self, step: Step) -> Outcome:
        started = time.monotonic()
        with self._recorder.step(step) as (output, show):
            desk = Desk(output, show, self._cancel)
            # What is called off between two steps has to be undone as well: the old container of a
            # stop-first app would stay down.
            outcome = Superseded() if self._cancel.is_set() else self._guarded(step, desk)
            if not isinstance(outcome, Done):
                self._undo(step, desk._replace(cancel=Event()))
        # What a gate quotes of an app's log may hold its secrets: only the clean form goes on.
        return self._recorder.ended(step, outcome, time.monotonic() - started)

    def _guarded(self, step: Step, desk: Desk) -> Outcome:
        try:
            return perform(self._scene, step.action, desk)
        except Exception as error:  # noqa: BLE001 - a bug must not lose what the others do
            for line in traceback.format_exc().splitlines():
                desk.output(line)
            return Retry(f"internal error: {type(error).__name__}: {error}")

    def _undo(self, step: Step, desk: Desk) -> None:
        """Put back what the step found; what cannot be put back is seen by the next plan."""
        for action in step.otherwise:
            undone = perform(self._scene, action, desk)
            if not isinstance(undone, Done):
                desk.output(f"could not undo: {undone}")
