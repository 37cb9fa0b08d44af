"""One step of a run, from its first attempt to its record."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import NamedTuple

from gitops.engine.tasks.attempts import Once, StoppedError, attempt
from gitops.engine.tasks.build_step import Shop, own_image, run_build
from gitops.engine.tasks.cmd_step import Yard, run_command
from gitops.engine.tasks.push_step import Made, Shelf, run_push
from gitops.engine.tasks.stage import Records, Stage
from gitops.engine.tasks.states import Tally, Tried, after_attempts
from gitops.engine.tasks.stopping import StopFlag
from gitops.engine.tasks.voice import Ear, Voice
from gitops.model.image import parse_image
from gitops.model.task_runs import OutputImage, StepStatus, TaskStepRun
from gitops.model.tasks import BuildLine, RunLine, TaskStep


class Board:
    """How the steps of one run stand, and what they have made, for several threads."""

    def __init__(self, records: Records, run: str, steps: tuple[TaskStepRun, ...]) -> None:
        self._records = records
        self._run = run
        self._lock = Lock()
        self._steps = {step.id: step for step in steps}
        self._images: list[OutputImage] = []
        self._built: dict[str, str] = {}
        self._indexes: list[str] = []
        self._interrupted: list[str] = []

    @property
    def steps(self) -> tuple[TaskStepRun, ...]:
        """Return the records, in the file's order."""
        return tuple(self._steps.values())

    @property
    def images(self) -> tuple[OutputImage, ...]:
        """Return what was pushed, in its order, each once."""
        return tuple(dict.fromkeys(self._images))

    @property
    def interrupted(self) -> tuple[str, ...]:
        """Return the steps that were at work when the run was stopped."""
        return tuple(self._interrupted)

    def begin(self, step: str) -> TaskStepRun:
        """Remember that a step has begun."""
        now = self._records.clock()
        record = self._steps[step]._replace(status=StepStatus.RUNNING, started=now)
        self.put(record)
        return record

    def put(self, record: TaskStepRun) -> None:
        """Remember how a step stands."""
        with self._lock:
            self._steps[record.id] = record
        self._records.book.step(self._run, record)

    def stopped(self, record: TaskStepRun, why: str) -> None:
        """Remember a step that was killed, or had not begun yet, because the run was stopped."""
        if record.attempts:
            with self._lock:
                self._interrupted.append(record.id)
        status = StepStatus.FAILED if record.attempts else StepStatus.SKIPPED
        self.put(record._replace(status=status, message=why, ended=self._records.clock()))

    def built(self, line: BuildLine, own: str) -> None:
        """Remember the names that a build gave, and the image's `own` name in this run."""
        names = [str(parse_image(tag)) for tag in line.tags]
        with self._lock:
            if len(line.platforms) > 1:
                self._indexes.extend(names)
            else:
                self._built |= dict.fromkeys(names, own)

    def made(self) -> Made:
        """Return what was built so far, for a push."""
        with self._lock:
            return Made(dict(self._built), tuple(self._indexes), self._pushed)

    def _pushed(self, image: OutputImage) -> None:
        with self._lock:
            self._images.append(image)
        self._records.book.pushed(self._run, image)


class Bench(NamedTuple):
    """What all steps of a run work with. `many` is false when there is but one."""

    stage: Stage
    yard: Yard
    board: Board
    many: bool


def work_on(step: TaskStep, bench: Bench) -> tuple[str, bool]:
    """Carry out a step; return why it failed (empty: it did not) and whether beside its fault."""
    stage, board = bench.stage, bench.board
    record = board.begin(step.id)
    voice = Voice(stage.records, record.number, step.id)
    if bench.many:
        voice.remark(f"step {step.id}: started")
    tally = Tally()
    try:
        tried = attempt(step, _once(step, bench), stage.flag, voice, tally)
    except StoppedError:
        why = stage.flag.why
        board.stopped(tally.on(record), voice.clean(why.text if why else "stopped"))
        return "stopped", False
    return _ended(step, tally.on(record), tried, bench, voice)


def _ended(
    step: TaskStep, record: TaskStepRun, tried: Tried, bench: Bench, voice: Voice
) -> tuple[str, bool]:
    tried = tried._replace(message=voice.clean(tried.message))
    if isinstance(step.work, BuildLine) and not tried.message:
        bench.board.built(step.work, str(own_image(bench.stage.run, step)))
    ended = after_attempts(record, tried, bench.stage.records.clock())
    bench.board.put(ended)
    took = (ended.ended or 0.0) - (ended.started or 0.0)
    if ended.message:
        voice.remark(ended.message)
    elif bench.many:
        voice.remark(f"step {step.id}: successful after {took:.1f} s")
    return ("", False) if tried.ignored else (tried.message, tried.beside)


def _once(step: TaskStep, bench: Bench) -> Once:
    """Return what one attempt at a step is."""
    match step.work:
        case BuildLine() as line:
            return partial(_build, step, line, bench)
        case RunLine() as line:
            built = bench.board.made().images
            return partial(run_command, step, line, bench.yard._replace(built=built))
        case names:
            return partial(run_push, step, names, Shelf(bench.stage, bench.board.made()))


def _build(step: TaskStep, line: BuildLine, bench: Bench, flag: StopFlag, ear: Ear) -> Tried:
    if len(line.platforms) < 2:  # noqa: PLR2004 - several are in no engine
        bench.yard.belongings.image(str(own_image(bench.stage.run, step)))
    made = bench.board.made().images
    shop = Shop(bench.stage, bench.yard.workspace, bench.yard.place, made)
    return run_build(step, line, shop, flag, ear)
