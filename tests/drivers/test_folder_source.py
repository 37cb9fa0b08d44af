from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from source_fixtures import git_source, origin, read, task, unpack, write

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.sources.folder import read_folder
from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Absent, Unreachable
from gitops.model.resources import PathSource

CASES = [
    {"Dockerfile": "FROM busybox\n"},
    {"Dockerfile": "FROM busybox\n", "a/b/c.txt": "x\r\n", "a.txt": "", "a-b/c": "1", "ü/é": "2"},
    {"Dockerfile": "FROM a\n", ".dockerignore": "**/*.md\n!keep.md\nlogs/*\n",
     "x.md": "1", "keep.md": "2", "d/keep.md": "3", "logs/.keep": ""},
    {"Dockerfile": "FROM a\n", ".dockerignore": "Dockerfile\n.dockerignore\n", "x": "1"},
    {"Dockerfile": "FROM a\n", "Dockerfile.dockerignore": "x\n", ".dockerignore": "y\n",
     "x": "1", "y": "2", "x" * 120 + "/" + "y" * 120: "long"},
    {"Dockerfile": "FROM a\n", ".gitattributes": "*.txt export-ignore export-subst eol=crlf\n",
     "v.txt": "$Format:%H$\n"},
]  # fmt: skip


@pytest.mark.parametrize("files", CASES)
def test_a_folder_and_a_commit_with_the_same_files_are_equal(
    tmp_path: Path, files: dict[str, str]
) -> None:
    """Tree and Dockerfile hashes, and what is sent, are the same for a folder and for a commit."""
    repository = origin(tmp_path / "origin", files)
    script = repository.folder / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    (repository.folder / "link").symlink_to("nowhere/./")
    repository.commit({})
    sources = Sources(tmp_path / "cache")
    local = task(PathSource(str(repository.folder)))
    remote = task(git_source(repository.url))
    one, other = read(sources, local), read(sources, remote)
    assert (one.tree, one.dockerfile) == (other.tree, other.dockerfile)
    sent = [
        [(m.name, m.mode, m.size, m.linkname, m.type, m.uid, m.gid) for m in tar.getmembers()]
        for tar in (unpack(sources, local), unpack(sources, remote))
    ]
    assert sent[0] == sent[1]
    assert {"run.sh", "link"} <= {name for name, *_ in sent[0]}
    assert {"Dockerfile", HIDDEN_DOCKERFILE} & {name for name, *_ in sent[0]}


def test_what_is_ignored_is_neither_hashed_nor_sent(tmp_path: Path) -> None:
    """An ignored file changes no hash and is not in the tar; the Dockerfile is there, hidden."""
    write(
        tmp_path, {"Dockerfile": "FROM a\n", ".dockerignore": "*\n!app\n", "app/x": "1", "z": "1"}
    )
    sources, built = Sources(tmp_path / "cache"), task(PathSource(str(tmp_path)))
    before = read(sources, built)
    write(tmp_path, {"z": "2", "y": "3"})
    assert read(sources, built) == before
    assert unpack(sources, built).getnames() == ["app", "app/x", HIDDEN_DOCKERFILE]


def test_content_mode_and_name_each_change_the_hash(tmp_path: Path) -> None:
    """A change of content, of the executable bit or of a name is another tree."""
    write(tmp_path, {"Dockerfile": "FROM a\n", "x": "1"})

    def tree() -> str:
        return read_folder(str(tmp_path), "Dockerfile").tree

    seen = {tree()}
    (tmp_path / "x").write_text("2")
    seen.add(tree())
    (tmp_path / "x").chmod(0o755)
    seen.add(tree())
    (tmp_path / "x").rename(tmp_path / "y")
    seen.add(tree())
    (tmp_path / "empty").mkdir()
    seen.add(tree())
    assert len(seen) == 5


def test_a_change_between_reading_and_sending_is_a_conflict(tmp_path: Path) -> None:
    """A context that is no longer what was read is left unfinished, and the error is CONFLICT."""
    write(tmp_path, {"Dockerfile": "FROM a\n", "x": "1"})
    sources, built = Sources(tmp_path / "cache"), task(PathSource(str(tmp_path)))
    source = read(sources, built)
    write(tmp_path, {"x": "2"})
    with (
        sources.context(built, source, {}) as context,
        (tmp_path.parent / "out.tar").open("wb") as stream,
        pytest.raises(DriverError) as caught,
    ):
        context.write_to(stream)
    assert caught.value.kind is ErrorKind.CONFLICT
    assert not (tmp_path.parent / "out.tar").read_bytes().endswith(b"\0" * 1024)


@pytest.mark.parametrize(
    ("dockerfile", "says"),
    [
        ("../Dockerfile", "leads out"),
        ("/etc/passwd", "leads out"),
        ("a/../../Dockerfile", "leads out"),
        ("link", "symbolic link"),
        ("out/Dockerfile", "symbolic link"),
        ("Dokerfile", "it holds Dockerfile"),
    ],
)
def test_a_dockerfile_outside_the_folder_is_refused(
    tmp_path: Path, dockerfile: str, says: str
) -> None:
    """A Dockerfile that is elsewhere, by dots or links, or nowhere, is refused with the reason."""
    write(tmp_path / "app", {"Dockerfile": "FROM a\n"})
    write(tmp_path / "else", {"Dockerfile": "FROM a\n"})
    (tmp_path / "app/link").symlink_to("../else/Dockerfile")
    (tmp_path / "app/out").symlink_to("../else")
    built = task(PathSource(str(tmp_path / "app")), dockerfile=dockerfile)
    seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Absent)
    assert says in seen.what


def test_pipes_and_sockets_are_left_out(tmp_path: Path) -> None:
    """What is no file, link or folder is not opened, not sent, and changes nothing."""
    write(tmp_path, {"Dockerfile": "FROM a\n"})
    before = read_folder(str(tmp_path), "Dockerfile").tree
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    assert read_folder(str(tmp_path), "Dockerfile").tree == before


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_text_without_end_is_not_read(tmp_path: Path, name: str) -> None:
    """A Dockerfile or ignore file of many megabytes is refused by its size."""
    write(tmp_path, {"Dockerfile": "FROM a\n", name: "#" * (2 << 20)})
    with pytest.raises(DriverError, match=f"{name} is larger than 1 MiB"):
        read_folder(str(tmp_path), "Dockerfile")


def test_a_missing_folder_is_absent(tmp_path: Path) -> None:
    """A folder that is not there is absent, by its name; other tasks are read all the same."""
    write(tmp_path / "here", {"Dockerfile": "FROM a\n"})
    gone = task(PathSource(str(tmp_path / "gone")), "gone")
    here = task(PathSource(str(tmp_path / "here")), "here")
    seen = Sources(tmp_path / "cache").read([gone, here], {})
    assert seen[gone.address] == Absent(f"the folder {tmp_path / 'gone'} does not exist")
    assert not isinstance(seen[here.address], Absent | Unreachable)
