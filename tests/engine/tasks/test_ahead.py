from __future__ import annotations

from threading import Event

from support.eventual import eventually
from support.memory_task_engine import MARK
from support.task_stage import Set, SourceFiles, stage_of

from gitops.drivers.base import DriverError, ErrorKind
from gitops.engine.tasks.ahead import filled_ahead
from gitops.engine.tasks.belongings import Belongings
from gitops.engine.tasks.workspace import Tools, Workspace
from gitops.model.tasks import BuildLine, RunLine, Task, TaskStep

BUILD = TaskStep("b", 1, BuildLine(".", tags=("shop:1",)))
LATER = TaskStep("t", 2, RunLine("shop:1"), after=("b",))


class Based(SourceFiles):
    """A context whose Dockerfile has two stages."""

    def read(self, path: str) -> bytes:
        """Return the Dockerfile."""
        assert path == "Dockerfile"
        return b"FROM scratch\nfrom --platform=linux/amd64 golang:1 AS x\nFROM $BASE\nFROM b\n"


def workspace_of(made: Set, context: SourceFiles, task: Task) -> tuple[Workspace, Belongings]:
    """Return a workspace that nobody has filled."""
    belongings = Belongings(made.engine, MARK)
    tools = Tools(made.engine, belongings, MARK, made.stage.work.workspace)
    return Workspace(tools, context, task), belongings


def test_the_workspace_is_filled_while_a_build_is_at_work() -> None:
    """The files are there before the first step that mounts them, and are put there once."""
    made, task, context = stage_of(), Task((BUILD, LATER)), Based()
    workspace, belongings = workspace_of(made, context, task)
    with filled_ahead(task, workspace, context):
        eventually(lambda: made.engine.uploads)
    assert made.engine.uploads == [("/", {"workspace/code.txt": b"code"})]
    (filler,) = made.engine.made
    assert (filler.image, filler.network) == ("shop:1", "none")
    workspace.fill(filler, "not used", Event())
    assert len(made.engine.uploads) == 1
    assert not belongings.clear()
    assert made.engine.empty


def test_any_image_that_is_there_will_do() -> None:
    """Where the command's image is still to be built, one that a build begins with is tried."""
    made, task, context = stage_of(), Task((BUILD, LATER)), Based()
    missing = DriverError(ErrorKind.MISSING, "no such image")
    made.engine.broken["create"] = [missing, missing]
    workspace, belongings = workspace_of(made, context, task)
    with filled_ahead(task, workspace, context):
        eventually(lambda: made.engine.uploads)
    assert [one.image for one in made.engine.made] == ["shop:1", "golang:1", "b"]
    assert not belongings.clear()


def test_what_goes_wrong_ahead_is_left_to_the_step() -> None:
    """A fault of the engine fails nothing: the step's own container is filled, or says why not."""
    made, task, context = stage_of(), Task((BUILD, LATER)), Based()
    made.engine.broken["create"] = [DriverError(ErrorKind.DISK_FULL, "no room")]
    workspace, belongings = workspace_of(made, context, task)
    workspace.fill_ahead(iter(["busybox"]), Event())
    assert not made.engine.uploads
    assert not belongings.clear()
    assert made.engine.empty


def test_a_run_that_has_ended_fills_nothing() -> None:
    """When the steps have ended, no file is written any more."""
    made, task, context = stage_of(), Task((BUILD, LATER)), Based()
    workspace, belongings = workspace_of(made, context, task)
    ended = Event()
    ended.set()
    workspace.fill_ahead(iter(["busybox"]), ended)
    assert not made.engine.uploads
    assert not belongings.clear()
    assert made.engine.empty


def test_nothing_is_done_ahead_without_need() -> None:
    """A first step that mounts the workspace fills it itself; builds alone need none."""
    for steps in ((TaskStep("t", 1, RunLine("a")),), (BUILD,)):
        made, task = stage_of(), Task(steps)
        workspace, _ = workspace_of(made, Based(), task)
        with filled_ahead(task, workspace, Based()) as nothing:
            assert nothing is None
        assert not made.engine.made
