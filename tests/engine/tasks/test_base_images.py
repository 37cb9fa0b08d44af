"""What builds of a run build on is remembered by digest, and is the same when it is done again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.task_stage import Set, SourceFiles, _Files, stage_of

from gitops.engine.tasks.runner import run_task
from gitops.engine.tasks.stage import Inputs
from gitops.model.tasks import BuildLine, Task, TaskStep

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")
DOCKERFILE = """ARG BASE=busybox
FROM $BASE AS one
FROM r.example/tools:2
COPY --from=one /x /x
COPY --from=shop:1 /y /y
"""


class Dockerfiles(SourceFiles):
    """A context whose Dockerfile is that of above."""

    @contextmanager
    def build(self, folder: str, dockerfile: str) -> Iterator[_Files]:
        """Give it."""
        yield _Files(f"{folder}{dockerfile}", DOCKERFILE)


def built(made: Set) -> None:
    """Run a task that builds an image, and another one that takes a file from it."""
    first = TaskStep("first", 1, BuildLine(".", tags=("shop:1",)))
    second = TaskStep("second", 2, BuildLine(".", args=(("BASE", "alpine"),)), ("first",))
    run_task(Task((first, second)), made.stage)


def test_digests_are_those_of_the_log_or_of_the_engine() -> None:
    """What BuildKit had from a registry counts, else what the engine has; own images are none."""
    made = stage_of(inputs=Inputs(context=Dockerfiles()))
    made.builder.says = [f"#5 [stage-1 1/3] FROM r.example/tools:2@{B}", "#6 [one 1/1] FROM x"]
    made.engine.digests = {"busybox": A, "shop:1": C}
    built(made)
    assert made.book.built_on == {"busybox": A, "r.example/tools:2": B, "shop:1": C}
    made = stage_of(inputs=Inputs(context=Dockerfiles()))
    made.engine.digests = {"alpine": C}
    made.engine.images["shop:1"] = "old"
    built(made)
    assert made.book.built_on == {"alpine": C}


def test_a_run_that_is_done_again_builds_on_the_same() -> None:
    """Digests of the earlier run are written into the Dockerfile, and all else stays."""
    inputs = Inputs(context=Dockerfiles(), bases={"busybox": A, "r.example/tools:2": B})
    made = stage_of(inputs=inputs)
    built(made)
    first, second = made.builder.texts
    lines = DOCKERFILE.splitlines()
    tools = f"FROM r.example/tools:2@{B}"
    assert first.splitlines() == [lines[0], f"FROM busybox:latest@{A} AS one", tools, *lines[3:]]
    assert second.splitlines() == [*lines[:2], tools, *lines[3:]]
