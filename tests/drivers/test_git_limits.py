from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hostile_repository import (
    PULL,
    Hostile,
    both,
    following,
    seen,
)
from source_fixtures import read

from gitops.drivers.base import DriverError
from gitops.drivers.contexts.git_files import source_files
from gitops.drivers.git import listing, sending
from gitops.drivers.git.wanted import GitWanted
from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Found
from gitops.model.resources import GitSource


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    return Hostile(tmp_path / "srv/repo.git")


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path / "cache")


def test_ten_milliard_files_are_refused_soon(
    hostile: Hostile, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few hundred bytes that stand for ten milliard files are an error, and cost a moment."""
    monkeypatch.setattr(listing, "LISTING_BYTES", 1 << 20)
    tree = hostile.tree([("100644", "f", hostile.dockerfile)])
    for _ in range(10):
        tree = hostile.tree([("40000", str(n), tree) for n in range(10)])
    items = [("100644", "Dockerfile", hostile.dockerfile), ("40000", "d", tree)]
    for text in both(hostile, sources, items):
        assert "answered more than 1 MiB" in text


def test_a_deep_or_long_path_is_refused(hostile: Hostile, sources: Sources) -> None:
    """Three hundred folders in each other, or a name that no file system takes, are an error."""
    file = ("100644", "Dockerfile", hostile.dockerfile)
    tree = hostile.tree([file])
    for _ in range(300):
        tree = hostile.tree([("40000", "d", tree)])
    for text in both(hostile, sources, [file, ("40000", "d", tree)]):
        assert "lies more than 250 folders deep" in text
    hostile.point("refs/heads/main", [file])
    for text in both(hostile, sources, [file, ("100644", "x" * 300, hostile.dockerfile)]):
        assert "has a part longer than 255 bytes" in text


def test_an_ignore_file_made_to_take_for_ever_does_not(hostile: Hostile, sources: Sources) -> None:
    """Patterns of a pull request that fit badly to its names are answered in a moment."""
    patterns = hostile.blob("*a*a*a*a*a*a*a*a*b\n**/a/**/a/**/a/**/b\n")
    items = [
        ("100644", ".dockerignore", patterns),
        ("100644", "Dockerfile", hostile.dockerfile),
        ("100644", "a" * 255, hostile.dockerfile),
    ]
    hostile.point(PULL, items)
    assert [one.pull for one in read(sources, following(hostile)).beside] == ["1"]


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_text_without_end_is_not_read(hostile: Hostile, sources: Sources, name: str) -> None:
    """A Dockerfile or ignore file of many megabytes is refused by its size; the rest goes on."""
    items = {"Dockerfile": hostile.dockerfile, name: hostile.blob(b"#" * (2 << 20))}
    hostile.point(PULL, [("100644", path, blob) for path, blob in sorted(items.items())])
    other = [("100644", "Dockerfile", hostile.dockerfile), ("100644", "a", hostile.dockerfile)]
    hostile.point("refs/pull/2/head", other)
    found = read(sources, following(hostile))
    assert [one.pull for one in found.beside] == ["2"]
    (error,) = found.beside_errors
    assert f"{name} is larger than 1 MiB" in error


def test_much_from_little_is_not_sent(
    tmp_path: Path, hostile: Hostile, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request that unpacks to more than its limit is refused, by builds and by steps."""
    monkeypatch.setattr(sending, "PULL_BYTES", 1 << 20)
    zeros = ("100644", "zeros", hostile.blob(b"\0" * (3 << 20)))
    hostile.point(PULL, [("100644", "Dockerfile", hostile.dockerfile), zeros])
    built = following(hostile)
    (source,) = read(sources, built).beside
    with (
        (tmp_path / "tar").open("wb") as stream,
        sources.context(built, source, {}) as context,
        pytest.raises(DriverError, match="there is room for"),
    ):
        context.write_to(stream)
    assert (tmp_path / "tar").stat().st_size < 1 << 20
    wanted = GitWanted(built.address, cast("GitSource", built.source), "", built.triggers)
    with (
        (tmp_path / "tar").open("wb") as stream,
        source_files(tmp_path / "cache" / "git", wanted, source, {}) as files,
        pytest.raises(DriverError, match="there is room for"),
    ):
        files.write_all(stream, "")
    assert (tmp_path / "tar").stat().st_size < 1 << 20


def test_broken_objects_are_errors_and_not_crashes(hostile: Hostile, sources: Sources) -> None:
    """A commit without a time, a ref to a file and a missing tree are told, or do no harm."""
    file = [("100644", "Dockerfile", hostile.dockerfile), ("100666", "old", hostile.dockerfile)]
    strange = {
        "refs/pull/1/head": hostile.commit(hostile.tree(file), "nobody"),
        "refs/pull/2/head": hostile.dockerfile,
        "refs/pull/3/head": hostile.commit("2" * 40),
        "refs/pull/4/head": hostile.commit(
            hostile.tree(file), "a <a@b> 99999999999999999999 +0000"
        ),
    }
    for ref, oid in strange.items():
        hostile.ref(ref, oid)
    found = seen(sources, following(hostile))
    assert isinstance(found, Found)
    assert {one.pull: one.date for one in found.value.beside} == {"4": 0, "1": 0}
    assert len(found.value.beside_errors) == 2
