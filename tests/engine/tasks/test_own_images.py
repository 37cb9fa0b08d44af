from __future__ import annotations

from support.task_stage import Set, SourceFiles, stage_of

from gitops.drivers.base import Cancel, Output
from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Inputs
from gitops.engine.tasks.states import Result
from gitops.model.task_runs import RunStatus
from gitops.model.tasks import BuildLine, RunLine, Task, TaskStep

NAME = "localhost:5000/shop:1"
BUILD = TaskStep("b", 1, BuildLine(".", tags=("shop:1",)))
PUSH = TaskStep("p", 2, ("shop:1",), after=("b",))


def ready() -> Set:
    """Return a stage with a context and a registry."""
    return stage_of(inputs=Inputs(SourceFiles(), "localhost:5000"))


def ran(made: Set, *steps: TaskStep) -> Result:
    """Run steps."""
    return run_task(Task(steps), made.stage)


def test_a_command_runs_what_its_own_run_has_built() -> None:
    """A step runs the image that this run has built, whoever has the name by now."""
    made = ready()
    result = ran(made, BUILD, TaskStep("c", 2, RunLine("shop:1", pull=True), after=("b",)))
    assert result.status is RunStatus.SUCCEEDED
    assert [one.image for one in made.engine.made if one.name.endswith("-c")] == ["gitops-run/r1:b"]
    assert made.engine.pulled == []


def test_a_push_takes_its_name_back() -> None:
    """When another run takes a name while it is pushed, it is taken back and pushed again."""
    made = ready()
    push, engine = made.engine.push, made.engine

    def contested(image: str, output: Output, cancel: Cancel) -> str:
        if not engine.pushes:
            engine.images[image] = "id-of-another-run"
        return push(image, output, cancel)

    engine.push = contested  # type: ignore[method-assign]
    assert ran(made, BUILD, PUSH).status is RunStatus.SUCCEEDED
    assert engine.pushes == [NAME, NAME]
    assert engine.images[NAME] == "id-1"
    assert "another run gave localhost:5000/shop:1 to its own image" in made.book.written.text


def test_a_name_that_is_never_free_is_told() -> None:
    """A name that others keep taking is an error that says what to do."""
    made = ready()
    push, engine = made.engine.push, made.engine

    def contested(image: str, output: Output, cancel: Cancel) -> str:
        engine.images[image] = "id-of-another-run"
        return push(image, output, cancel)

    engine.push = contested  # type: ignore[method-assign]
    result = ran(made, BUILD, PUSH)
    assert result.status is RunStatus.FAILED
    assert "other runs keep giving localhost:5000/shop:1" in result.message
    assert made.book.images == []


def test_a_name_that_is_built_again_leaves_nothing() -> None:
    """An image without a name goes before the next attempt makes another one, and at the end."""
    made = ready()
    result = ran(made, TaskStep("b", 1, BuildLine("."), repeat=2))
    assert result.status is RunStatus.SUCCEEDED
    assert [str(job.image) for job in made.builder.jobs] == ["gitops-run/r1:b"] * 3
    assert made.engine.empty
    assert made.engine.images == {}


def test_ids_that_differ_by_case_alone_are_two_images() -> None:
    """Steps `a` and `A` have an image each."""
    made = ready()
    ran(made, TaskStep("a", 1, BuildLine(".")), TaskStep("A", 2, BuildLine("."), after=("a",)))
    assert len({str(job.image) for job in made.builder.jobs}) == 2
