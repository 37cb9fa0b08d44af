from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import BinaryIO, NamedTuple

import pytest

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.builders.context_folder import MOST_BYTES, MOST_FILES, context_folder
from gitops.drivers.builders.read_back import Veiled
from gitops.drivers.builders.time_limit import TimeLimit
from gitops.drivers.sources.context_tree import FILE, PROGRAM, Entry, TarStream


class Written(NamedTuple):
    """A context that a function writes."""

    write: Callable[[TarStream], None]
    dockerfile: str = "Dockerfile"

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar."""
        tar = TarStream(stream)
        self.write(tar)
        tar.end()


def put(tar: TarStream, path: str, content: bytes = b"x", mode: str = FILE) -> None:
    """Write a file."""
    tar.file(Entry(path, mode, ""), len(content), 1000)
    tar.content(content)
    tar.pad(len(content))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary files in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_small_context_is_what_its_tar_is(temporary: Path) -> None:
    """Contents, modes, dates and links are those of the tar; the folder is ours alone, and goes."""

    def write(tar: TarStream) -> None:
        put(tar, "Dockerfile", b"FROM busybox\n")
        put(tar, "deep/below/run.sh", b"#!", PROGRAM)
        tar.link("deep/to", "below/run.sh", 2000)
        tar.same("twice", "Dockerfile", 1000)
        tar.folder("empty", 3000)

    umask = os.umask(0o077)
    try:
        with context_folder(Written(write)) as found:
            assert found is not None
            place = found.folder
            assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
            assert (place / "twice").read_bytes() == b"FROM busybox\n"
            assert (place / "deep/to").readlink() == Path("below/run.sh")
            modes = {name: stat.S_IMODE((place / name).stat().st_mode) for name in MODES}
            assert modes == MODES
            dates = {name: (place / name).lstat().st_mtime for name in DATES}
            assert dates == DATES
    finally:
        os.umask(umask)
    assert not list(temporary.iterdir())


MODES = {"Dockerfile": 0o644, "deep/below/run.sh": 0o755, "deep/below": 0o755, "empty": 0o755}
DATES = {"Dockerfile": 1000, "deep/below/run.sh": 1000, "deep/below": 1000, "deep": 1000,
         "deep/to": 2000, "empty": 3000}  # fmt: skip


def _large(tar: TarStream) -> None:
    put(tar, "large", b"x" * (MOST_BYTES + 1))


def _many(tar: TarStream) -> None:
    for number in range(MOST_FILES + 1):
        put(tar, str(number), b"")


def _behind_a_link(tar: TarStream) -> None:
    tar.link("out", "/tmp", 0)  # noqa: S108 - nothing may be written there
    put(tar, "out/file")


def _no_text(tar: TarStream) -> None:
    put(tar, "\udcff")


@pytest.mark.parametrize("write", [_large, _many, _behind_a_link, _no_text])
def test_what_is_no_gain_or_no_folder_stays_a_tar(
    write: Callable[[TarStream], None], temporary: Path
) -> None:
    """Much, many, names that are no text, and what lies behind a link: a tar is sent as it is."""
    with context_folder(Written(write)) as place:
        assert place is None
    assert not list(temporary.iterdir())


def test_a_dockerfile_lies_beside_the_context() -> None:
    """It has an ignore file of its own, so that nothing is left out a second time."""

    def write(tar: TarStream) -> None:
        put(tar, "docker/own", b"FROM busybox\n")
        put(tar, ".dockerignore", b"kept\n")
        put(tar, "kept")

    with context_folder(Written(write, "docker/own")) as found:
        assert found is not None
        assert found.dockerfile.name == "own"
        assert found.dockerfile.read_bytes() == b"FROM busybox\n"
        assert not found.dockerfile.is_relative_to(found.folder)
        ignored = found.dockerfile.with_name("own.dockerignore").read_text()
        assert ignored.startswith("#")
        assert len(ignored.splitlines()) == 1
        assert sorted(each.name for each in found.folder.iterdir()) == [
            ".dockerignore",
            "docker",
            "kept",
        ]


@pytest.mark.parametrize("size", [1, MOST_BYTES + 1])
def test_a_hidden_dockerfile_is_no_part_of_the_context(size: int) -> None:
    """However large the context is, no COPY finds the Dockerfile that it does not have."""

    def write(tar: TarStream) -> None:
        put(tar, "file", b"x" * size)
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n")

    with context_folder(Written(write, HIDDEN_DOCKERFILE)) as found:
        assert found is not None
        assert [each.name for each in found.folder.iterdir()] == ["file"]
        assert found.folder.joinpath("file").stat().st_size == size
        assert found.dockerfile.read_bytes() == b"FROM busybox\n"


@pytest.mark.parametrize("own", ["link", "file", "hard link"])
def test_nothing_is_written_through_what_is_there(temporary: Path, own: str) -> None:
    """A second entry of a name, which a stranger's link would lead elsewhere, is no folder."""
    victim = temporary / "victim"
    victim.write_text("untouched")
    victim.chmod(0o600)

    def write(tar: TarStream) -> None:
        put(tar, "file", b"first")
        if own == "link":
            tar.link(HIDDEN_DOCKERFILE, str(victim), 0)
        elif own == "file":
            put(tar, HIDDEN_DOCKERFILE, b"own")
        else:
            tar.same(HIDDEN_DOCKERFILE, str(victim), 0)
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n")

    with context_folder(Written(write, HIDDEN_DOCKERFILE)) as found:
        assert found is None
        assert not [each for each in temporary.rglob("*") if each.name == "file"]
    assert victim.read_text() == "untouched"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600
    assert [each.name for each in temporary.iterdir()] == ["victim"]


def test_two_contexts_have_no_name_in_common() -> None:
    """BuildKit would take files of one for those of the other, if size and date are the same."""

    def write(tar: TarStream) -> None:
        put(tar, "Dockerfile", b"FROM busybox\n")

    with context_folder(Written(write)) as one, context_folder(Written(write)) as other:
        assert one is not None
        assert other is not None
        assert one.folder.name != other.folder.name


def test_a_large_context_is_called_off() -> None:
    """What is to end is no longer unpacked."""

    def write(tar: TarStream) -> None:
        put(tar, "file", b"x" * (MOST_BYTES + 1))
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n")

    cancel = Event()
    cancel.set()
    limit = TimeLimit(0, cancel, "the build")
    with (
        pytest.raises(DriverError, match="the build was given up"),
        context_folder(Written(write, HIDDEN_DOCKERFILE), limit.check),
    ):
        raise AssertionError


def test_the_engines_own_builder_takes_it_away() -> None:
    """The engine removes what `.dockerignore` names: the Dockerfile is added to that."""

    def write(tar: TarStream) -> None:
        put(tar, ".dockerignore", b"other")
        put(tar, "file")
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n")

    def bare(tar: TarStream) -> None:
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n")

    for each, ignored in ((write, "other"), (bare, ".dockerignore")):
        stream = BytesIO()
        Veiled(Written(each, HIDDEN_DOCKERFILE)).write_to(stream)
        stream.seek(0)
        with tarfile.open(fileobj=stream) as tar:
            content = tar.extractfile(".dockerignore")
            assert content is not None
            assert content.read().decode() == f"{ignored}\n{HIDDEN_DOCKERFILE}\n"
            assert HIDDEN_DOCKERFILE in tar.getnames()


def test_half_a_context_does_not_look_like_a_whole_one() -> None:
    """An error while a context is written is raised, and the tar has no end."""

    def write(tar: TarStream) -> None:
        put(tar, HIDDEN_DOCKERFILE, b"FROM busybox\n" * 10_000)
        raise DriverError(ErrorKind.CONFLICT, "it has changed")

    stream = BytesIO()
    with pytest.raises(DriverError, match="it has changed"):
        Veiled(Written(write, HIDDEN_DOCKERFILE)).write_to(stream)
    assert not stream.getvalue().endswith(b"\0" * (2 * tarfile.BLOCKSIZE))
    with (
        pytest.raises(DriverError, match="it has changed"),
        context_folder(Written(write, HIDDEN_DOCKERFILE)),
    ):
        raise AssertionError


def test_what_cannot_be_read_is_an_error() -> None:
    """A context that fails while it is written fails the build, before anything is begun."""

    def write(_tar: TarStream) -> None:
        raise DriverError(ErrorKind.CONFLICT, "it has changed")

    with pytest.raises(DriverError, match="it has changed"), context_folder(Written(write)):
        raise AssertionError
