from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType

from support.clocks import ManualClock

from gitops.drivers.base import BuildContext
from gitops.engine.watch.polling import PolledSources
from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.outcomes import Found, Observation
from gitops.model.resources import BuildTask, GitRef, GitSource, PathSource
from gitops.model.secret import Secrets
from gitops.model.sources import Source

NONE: Mapping[str, str] = MappingProxyType({})
GIT = GitSource(
    "https://git.example.com/shop.git", GitRef(), "", submodules=False, credentials=None
)


def task(name: str, source: GitSource | PathSource = GIT, interval: float = 60.0) -> BuildTask:
    address = Address("BuildTask", name)
    return BuildTask(
        address=address,
        metadata=Metadata(NONE, NONE),
        repository=Address("Repository", name),
        source=source,
        dockerfile="Dockerfile",
        target="",
        args=NONE,
        labels=NONE,
        tags=(),
        latest=True,
        interval=interval,
        timeout=60.0,
    )


class CountingReader:
    """Gives every look another commit, and remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def read(
        self, tasks: Sequence[BuildTask], _secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return a source for each task."""
        self.asked.append([one.address.name for one in tasks])
        commit = f"commit {len(self.asked)}"
        return {one.address: Found(Source("tree", "file", "here", commit)) for one in tasks}

    def context(
        self, _task: BuildTask, _source: Source, _secrets: Secrets
    ) -> AbstractContextManager[BuildContext]:
        """Fail: nothing is built here."""
        raise AssertionError


def commits(polled: PolledSources, *tasks: BuildTask) -> list[str]:
    seen = polled.read(tasks, {})
    return [one.value.commit for one in seen.values() if isinstance(one, Found)]


def test_remote_is_asked_once_an_interval() -> None:
    """However often the loop looks, a remote is asked when its interval is over."""
    reader, clock = CountingReader(), ManualClock()
    polled = PolledSources(reader, clock)
    assert commits(polled, task("shop")) == ["commit 1"]
    clock.now += 59.9
    assert commits(polled, task("shop")) == ["commit 1"]
    clock.now += 0.2
    assert commits(polled, task("shop")) == ["commit 3"]
    assert reader.asked == [["shop"], [], ["shop"]]


def test_folder_is_read_at_every_look() -> None:
    """A folder costs nobody else anything, so it is always read."""
    polled = PolledSources(CountingReader(), ManualClock())
    folder = task("shop", PathSource("/srv/shop"))
    assert commits(polled, folder) == ["commit 1"]
    assert commits(polled, folder) == ["commit 2"]
    assert polled.due() == float("inf")


def test_changed_task_is_asked_at_once() -> None:
    """A task that was changed does not keep what was seen for the old one."""
    polled = PolledSources(CountingReader(), ManualClock())
    commits(polled, task("shop"))
    other = GIT._replace(ref=GitRef(branch="next"))
    assert commits(polled, task("shop", other)) == ["commit 2"]


def test_due_is_the_shortest_interval() -> None:
    """The loop sleeps until the first remote has to be asked again."""
    clock = ManualClock()
    polled = PolledSources(CountingReader(), clock)
    commits(polled, task("shop", interval=60), task("api", interval=20))
    assert polled.due() == clock.now + 20


def test_tasks_of_one_remote_are_asked_together() -> None:
    """When one task of a remote is due, its others are read with it, and are due later."""
    reader, clock = CountingReader(), ManualClock()
    polled = PolledSources(reader, clock)
    other = task("other", GIT._replace(url="https://git.example.com/other.git"))
    commits(polled, task("shop"), other)
    clock.now += 30
    commits(polled, task("shop"), task("api"), other)
    clock.now += 31
    commits(polled, task("shop"), task("api"), other)
    assert reader.asked == [["shop", "other"], ["shop", "api"], ["other"]]
