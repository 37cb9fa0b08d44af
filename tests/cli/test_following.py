from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import click
import pytest
from support.commands import gitops
from support.specs import written as spec_file

from gitops.cli.finding import Unit, chosen, sorted_out
from gitops.cli.logs import Sources
from gitops.cli.pages.following import Choice, followed, written
from gitops.drivers.base import Engine
from gitops.model.observed import (
    LABEL_PROJECT,
    LABEL_REPLICA,
    LABEL_SIDECAR,
    ObservedContainer,
)
from gitops.plan.deploys.wishes import RefusedError


def container(name: str, created: int, state: str = "running", **labels: str) -> ObservedContainer:
    """Return a container of the project `demo`."""
    own = {LABEL_PROJECT: "demo", **labels}
    return ObservedContainer(name, f"demo-{name}", "image", state, "", own, created)


def stamp(second: int) -> str:
    """Return a time of a log."""
    return f"2026-01-01T00:00:{second:02}.000000000Z"


class Journals:
    """An engine that has logs: what was written before, and what is written while it is read."""

    def __init__(self, before: dict[str, list[int]], later: dict[str, list[int]]) -> None:
        self._before = before
        self._later = later

    def journal(
        self, name: str, since: float = 0.0, tail: int | None = None, *, follow: bool = False
    ) -> Iterator[tuple[str, str]]:
        """Give the lines; each is its second."""
        assert since < 2_000_000_000
        lines = [*self._before.get(name, []), *(self._later.get(name, []) if follow else [])]
        for second in lines[-(tail or len(lines)) :] if lines else []:
            yield stamp(second), str(second)


def engines(journals: Journals) -> Engine:
    """Return the journals as an engine: nothing else is asked of it."""
    return cast("Engine", journals)


UNITS = sorted_out("local", [container("a", 1), container("b", 2)])


def test_lines_come_in_their_order() -> None:
    """Lines of several containers come as they were written, the last ones over all of them."""
    journals = engines(Journals({"demo-a": [1, 4, 5], "demo-b": [2, 3]}, {}))
    found = written(lambda _: journals, UNITS, Choice(0.0, 4))
    assert [(one.unit.name, one.line) for one in found] == [
        ("b", "2"),
        ("b", "3"),
        ("a", "4"),
        ("a", "5"),
    ]


def test_following_repeats_nothing() -> None:
    """What was shown is not shown again, and it ends when no container runs."""
    journals = engines(Journals({"demo-a": [1], "demo-b": [2]}, {"demo-a": [3], "demo-b": [4]}))
    ended = [unit._replace(container=unit.container._replace(state="exited")) for unit in UNITS]
    looks = iter([UNITS, UNITS])
    found = followed(lambda _: journals, lambda: next(looks, tuple(ended)), Choice(0.0, 10))
    assert sorted(one.line for one in found) == ["1", "2", "3", "4"]


def test_new_containers_are_followed() -> None:
    """A container that comes later is followed from its first line."""
    journals = engines(Journals({"demo-a": [1]}, {"demo-c": [5, 6]}))
    later = sorted_out("local", [container("c", 3)])
    ended = (later[0]._replace(container=later[0].container._replace(state="exited")),)
    looks = iter([UNITS[:1], later])
    found = followed(lambda _: journals, lambda: next(looks, ended), Choice(0.0, 10))
    assert [one.line for one in found] == ["1", "5", "6"]


def test_units_are_replicas_with_their_sidecars() -> None:
    """Replicas are counted from the oldest, and each has its sidecars beside it."""
    beside = {LABEL_SIDECAR: "helper", LABEL_REPLICA: "demo-a"}
    found = sorted_out(
        "local",
        [container("b", 2), container("a-helper", 1, **beside), container("a", 1)],
    )
    assert [(unit.name, unit.replica, unit.sidecar) for unit in found] == [
        ("a", 1, ""),
        ("a-helper", 1, "helper"),
        ("b", 2, ""),
    ]
    assert [unit.name for unit in chosen(found, 1, "helper")] == ["a-helper"]
    with pytest.raises(RefusedError, match="no replica 3; there are 1 to 2"):
        chosen(found, 3, None)
    with pytest.raises(RefusedError, match="no sidecar x; there are: helper"):
        chosen(found, None, "x")


def test_prefixes_tell_sources_apart() -> None:
    """Lines of several containers have their names, in colours of their own if there are any."""
    journals = engines(Journals({"demo-a": [1], "demo-b": [2]}, {}))
    first, second = written(lambda _: journals, UNITS, Choice(0.0, 2))
    plain = Sources(UNITS, color=False)
    assert (plain.prefix(first), plain.prefix(second)) == ("a | ", "b | ")
    colored = Sources(UNITS, color=True)
    assert click.unstyle(colored.prefix(first)) == "a | "
    assert colored.prefix(first)[:5] != colored.prefix(second)[:5]
    alone = Sources(UNITS[:1], color=False)
    assert (alone.prefix(first), alone.prefix(second)) == ("", "b | ")


def unit(name: str) -> Unit:
    """Return a unit of this name."""
    return sorted_out("local", [container(name, 1)])[0]


@pytest.mark.parametrize("last", [(), ("--tail", "5")])
def test_f_without_a_path_follows(
    tmp_path: object, last: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`logs WebApp/shop -f` follows, as other log commands do; `-f PATH` names specs as ever."""
    path = spec_file(tmp_path)  # type: ignore[arg-type]
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    ran = gitops("logs", "WebApp/none", "-f", path, "-f", *last)
    assert ran.code == 1
    assert "there is no WebApp/none in these specs; there are: WebApp/shop" in ran.err


def test_duration_that_is_none() -> None:
    """`--since` names what it wants."""
    ran = gitops("logs", "WebApp/shop", "--since", "yesterday")
    assert ran.code == 64
    assert "write 90s, 10m or 1h30m" in ran.err
