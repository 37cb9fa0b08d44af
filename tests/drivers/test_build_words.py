from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from threading import Event
from typing import BinaryIO

import pytest
from builder_fixtures import job

from gitops.drivers.base import (
    Ability,
    BuildContext,
    BuildJob,
    CacheUse,
    Cancel,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.drivers.builders.buildkit_options import Use, arguments, variables
from gitops.drivers.builders.cache import stage_image, stage_jobs
from gitops.drivers.builders.log import BuildLog
from gitops.drivers.builders.prune import prune_cache, tidy
from gitops.drivers.builders.stages import logged_stages
from gitops.drivers.engine.http import Answer, SocketHttp
from gitops.model.dockerfile import stage_names
from gitops.model.image import ImageRef
from gitops.settings import DEFAULT_BUILD_CACHE, SettingsError, read_settings

IMAGE = ImageRef("r/app", "1")
KEPT = CacheUse(("r/app:cache",), "r/app:cache", "max")


def pairs(words: Sequence[str]) -> set[tuple[str, str]]:
    """Return each word with the next one."""
    return set(pairwise(words))


def test_a_builder_that_exports_writes_the_cache_by_itself() -> None:
    """With an exporter the cache goes to the registry in the mode that is wanted, not inline."""
    use = Use(exports=True, buildx=True)
    words = arguments(job(IMAGE, cache=KEPT), "Dockerfile", use)
    assert ("--cache-to", "type=registry,ref=r/app:cache,mode=max") in pairs(words)
    assert ("--cache-from", "type=registry,ref=r/app:cache") in pairs(words)
    assert ("--tag", "r/app:cache") not in pairs(words)
    assert not any("INLINE_CACHE" in word for word in words)
    assert "--load" in words


def test_several_platforms_are_pushed_as_one_index() -> None:
    """Several platforms are pushed under all names; the engine's own alone is not even named."""
    use = Use(exports=True, buildx=True, engine="linux/amd64")
    wanted = job(IMAGE, tags=("r/app:2",), platforms=("linux/amd64", "linux/aarch64"))
    words = arguments(wanted, "Dockerfile", use)
    assert ("--platform", "linux/amd64,linux/arm64") in pairs(words)
    assert {("--tag", "r/app:1"), ("--tag", "r/app:2")} <= pairs(words)
    assert "--push" in words
    assert "--load" not in words
    alone = arguments(wanted._replace(platforms=("linux/x86_64",)), "Dockerfile", use)
    assert "--platform" not in alone


def test_values_of_build_args_are_in_no_argument() -> None:
    """The CLI takes them from its environment, unless it means something to the CLI itself."""
    wanted = job(IMAGE, args={"TOKEN": "abc def", "HTTP_PROXY": "http://p", "a-b": "1"}, date=7)
    words = arguments(wanted, "Dockerfile", Use())
    args = [value for name, value in pairs(words) if name == "--build-arg"]
    assert sorted(args) == ["HTTP_PROXY=http://p", "SOURCE_DATE_EPOCH", "TOKEN", "a-b=1"]
    assert variables(wanted, Use()) == {"TOKEN": "abc def", "SOURCE_DATE_EPOCH": "7"}


def test_no_cache_reads_none_and_still_writes_it() -> None:
    """A build without the cache takes no layers from it, and leaves its own for the next one."""
    words = arguments(job(IMAGE, cache=KEPT, no_cache=True), "Dockerfile", Use(exports=True))
    assert "--no-cache" in words
    assert "--cache-from" not in words
    assert "--cache-to" in words


@pytest.mark.parametrize(
    ("dockerfile", "stages"),
    [
        ("FROM a\nFROM b AS two\n", ("two",)),
        ("from --platform=$BUILDPLATFORM a:1 as One\nRUN echo FROM x AS y\nFROM One", ("one",)),
        ("FROM \\\n  a AS spread\n", ("spread",)),
        ("# FROM a AS no\nFROM a@sha256:1 AS b # c\n", ()),
    ],
)
def test_stages_are_known_by_their_names(dockerfile: str, stages: tuple[str, ...]) -> None:
    """A stage is named by FROM … AS, in lower case; comments and other lines name none."""
    assert stage_names(dockerfile) == stages


def test_stages_that_took_part_stand_in_the_log() -> None:
    """Both builders' logs name the stages; unnamed ones and BuildKit's own are not among them."""
    buildkit = ["#1 [internal] load x", "#4 [stage-1 1/4] FROM a", "#5 [linux/arm64 tools 2/3] RUN",
                "#6 [tools 3/3] RUN x", "#7 [auth] a", "#7 0.1 [other 1/2] printed"]  # fmt: skip
    assert logged_stages(buildkit) == ("tools",)
    classic = ["Step 1/7 : FROM busybox AS build", " ---> 1", "Step 4/7 : FROM busybox"]
    assert logged_stages(classic) == ("build",)


def test_each_stage_is_kept_as_an_image_beside_the_cache() -> None:
    """Mode max keeps each stage but the target's under a tag of its own; min keeps none."""
    stages = ("tools", "last")
    (one,) = stage_jobs(job(IMAGE, cache=KEPT, target="last", no_cache=True), stages)
    assert (str(one.image), one.target, one.no_cache) == ("r/app:cache-tools", "tools", False)
    assert not list(stage_jobs(job(IMAGE, cache=KEPT._replace(mode="min")), stages))
    assert len(stage_image("r/app:cache", "x" * 200).partition(":")[2]) == 128


def test_of_a_log_its_end_is_kept_and_the_step_that_spoke() -> None:
    """Of a build that prints for ever, the stages, the last lines and their step are kept."""
    log = BuildLog()
    said = ["Step 1/2 : FROM busybox AS first", "Step 2/2 : RUN yes", *("y" * 9000,) * 5000, "end"]
    for line in said:
        log.add(line)
    assert log.stages == ("first",)
    assert log.tail[0] == "Step 2/2 : RUN yes"
    assert log.tail[-1] == "end"
    assert sum(map(len, log.tail)) < 1 << 20


class Engine(SocketHttp):
    """An engine of which only the answer to a prune matters."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("unix:///nowhere")
        self.answer = answer
        self.asked: list[str] = []

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Answer."""
        assert body is None
        self.asked.append(f"{method} {path}")
        return self.answer


class Fails:
    """A builder whose every build goes wrong after it was begun."""

    name = "a builder"
    warning = "it fails"
    abilities = frozenset({Ability.SSH})

    def build(self, _job: BuildJob, _context: BuildContext, _output: Output, _: Cancel) -> None:
        """Go wrong."""
        raise DriverError(ErrorKind.FAILED, "the build failed")


class Empty:
    """A context without files."""

    dockerfile = "Dockerfile"

    def write_to(self, stream: BinaryIO) -> None:
        """Write nothing."""


def test_the_cache_is_pruned_after_builds_that_fail_and_never_fails_one() -> None:
    """A failed build has filled the cache too; an engine that does not prune is a warning."""
    freed = Engine(Answer(200, json.dumps({"SpaceReclaimed": 3 << 20}).encode(), ""))
    lines: list[str] = []
    with pytest.raises(DriverError, match="the build failed"):
        tidy(Fails(), freed, 1000).build(job(IMAGE), Empty(), lines.append, Event())
    assert freed.asked == ["POST /build/prune?keep-storage=1000&reserved-space=1000"]
    assert lines == ["the build cache was over its budget: 3.0 MiB were freed"]
    refuses = Engine(Answer(500, b'{"message": "no"}', ""))
    with pytest.raises(DriverError, match="the build failed"):
        tidy(Fails(), refuses, 1000).build(job(IMAGE), Empty(), lines.append, Event())
    assert lines[1:] == ["warning: the build cache could not be pruned: no"]
    with pytest.raises(DriverError, match="says 5"):
        prune_cache(Engine(Answer(200, b"5", "")), 1)


def test_a_build_that_was_given_up_waits_for_no_prune() -> None:
    """Ctrl-C ends a build at once: nothing is asked of the engine after it."""
    engine, flag = Engine(Answer(200, b"{}", "")), Event()
    flag.set()
    builder = tidy(Fails(), engine, 1000)
    with pytest.raises(DriverError, match="the build failed"):
        builder.build(job(IMAGE), Empty(), print, flag)
    assert engine.asked == []
    assert (builder.name, builder.warning, builder.abilities) == (
        Fails.name, Fails.warning, Fails.abilities,
    )  # fmt: skip
    assert isinstance(tidy(Fails(), engine, 0), Fails)


@pytest.mark.parametrize(
    ("text", "size"),
    [("", DEFAULT_BUILD_CACHE), ("off", 0), ("500Mi", 500 << 20), ("2Ti", 2 << 40)],
)
def test_the_budget_is_a_setting(text: str, size: int) -> None:
    """GITOPS_BUILD_CACHE is a size with its unit, or off."""
    assert read_settings({"GITOPS_BUILD_CACHE": text}, "me", "here").build_cache == size


@pytest.mark.parametrize("text", ["0Gi", "20", "20GB", "-1Gi", "on"])
def test_a_budget_that_is_none_is_refused(text: str) -> None:
    """Another text is an error that names the variable and what it may be."""
    with pytest.raises(SettingsError, match=r"GITOPS_BUILD_CACHE is .*20Gi"):
        read_settings({"GITOPS_BUILD_CACHE": text}, "me", "here")
