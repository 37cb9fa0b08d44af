from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from git_server import git_server
from registry_servers import Asked, Reply, serving
from source_fixtures import origin, write

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.contexts.archive_files import archive_files
from gitops.drivers.contexts.files import RunFiles
from gitops.drivers.contexts.opening import open_context, open_remote
from gitops.drivers.contexts.places import Kind, Place, kept, place_of


def packed(*members: tarfile.TarInfo, **files: str) -> bytes:
    """Return a tar of files, and of members without content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member)
    return stream.getvalue()


def member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return an entry without content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def sent(files: RunFiles, folder: str = "", dockerfile: str = "") -> dict[str, str]:
    """Return what a build gets: contents of files, targets of links."""
    stream = io.BytesIO()
    with files.build(folder, dockerfile) as context:
        context.write_to(stream)
    stream.seek(0)
    found = {}
    with tarfile.open(fileobj=stream) as tar:
        for info in tar:
            content = tar.extractfile(info) if info.isfile() else None
            found[info.name] = content.read().decode() if content else info.linkname
    return found


def opened(content: bytes) -> dict[str, str]:
    """Return what a build of an archive gets."""
    with archive_files(io.BytesIO(content), "an archive") as files:
        return sent(files)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("-", Place(Kind.STDIN, "-", local=True)),
        ("https://h/a/b.git", Place(Kind.GIT, "https://h/a/b.git")),
        ("https://h/a/b.git#dev:x/y", Place(Kind.GIT, "https://h/a/b.git", "dev", "x/y")),
        ("https://h/a/b#:x", Place(Kind.GIT, "https://h/a/b", "", "x")),
        ("https://d.example/p/_git/n", Place(Kind.GIT, "https://d.example/p/_git/n")),
        ("https://h/a.tar.gz", Place(Kind.DOWNLOAD, "https://h/a.tar.gz")),
        ("git@h:a/b#v1", Place(Kind.GIT, "git@h:a/b", "v1")),
        ("ssh://git@h/a", Place(Kind.GIT, "ssh://git@h/a")),
        ("github.com/a/b", Place(Kind.GIT, "https://github.com/a/b")),
        ("file:///a/b#x", Place(Kind.GIT, "file:///a/b", "x", local=True)),
        ("not/there", Place(Kind.FOLDER, "not/there", local=True)),
    ],
)
def test_an_address_tells_what_it_names(text: str, place: Place) -> None:
    """Addresses are taken apart as `docker build` does."""
    assert place_of(text) == place


def test_what_is_remembered_of_an_address_holds_no_password(tmp_path: Path) -> None:
    """A kept address has its user name, its ref and its folder; a path is absolute."""
    assert kept("https://ann:pw@h/b.git#dev:x") == "https://ann@h/b.git#dev:x"
    assert kept("https://ann:pw@h/b.tar") == "https://ann@h/b.tar"
    assert kept(str(tmp_path / "a" / "..")) == str(tmp_path)
    assert kept("-") == "-"
    assert kept("") == ""


@pytest.mark.parametrize("packer", [bytes, gzip.compress, lzma.compress])
def test_an_archive_is_a_context(packer: type[bytes]) -> None:
    """Files, links and hard links come as they are, less what .dockerignore names."""
    content = packed(
        member("again", tarfile.LNKTYPE, "./kept"),
        member("link", tarfile.SYMTYPE, "kept"),
        member("pipe.no", tarfile.FIFOTYPE),
        **{"./Dockerfile": "FROM x", "kept": "1", "a.no": "2", ".dockerignore": "*.no\n.d*\n"},
    )
    assert opened(packer(content)) == {
        "Dockerfile": "FROM x", "kept": "1", "again": "1", "link": "kept",
    }  # fmt: skip


WICKED: dict[str, tuple[bytes, str]] = {
    "a file above": (packed(Dockerfile="FROM x", **{"../x": ""}), "leads out"),
    "a file from the root": (packed(Dockerfile="FROM x", **{"/etc/x": ""}), "leads out"),
    "a pipe": (packed(member("x", tarfile.FIFOTYPE), Dockerfile="FROM x"), "a pipe"),
    "a hard link to nothing": (
        packed(member("x", tarfile.LNKTYPE, "y"), Dockerfile="FROM x"),
        "a link to nothing",
    ),
    "a hard link above": (
        packed(member("x", tarfile.LNKTYPE, "../y"), Dockerfile="FROM x"),
        "leads out",
    ),
    "a file below a link": (
        packed(member("x", tarfile.SYMTYPE, "/"), Dockerfile="FROM x", **{"x/y": ""}),
        "is no folder",
    ),
    "a Dockerfile elsewhere": (
        packed(member("Dockerfile", tarfile.SYMTYPE, "/etc/passwd")),
        "symbolic link",
    ),
    "half a gzip": (gzip.compress(packed(Dockerfile="FROM x"))[:-20], "neither a whole tar"),
    "half a tar": (packed(Dockerfile="FROM x" * 500)[:1600], "ends within|neither a whole tar"),
    "no tar": (b"\0\1\2", "neither a whole tar"),
    "nothing": (b"", "neither a whole tar|no Dockerfile"),
}


def test_an_archive_is_read_by_several_at_once() -> None:
    """Two builds, or a build and the workspace, get the same files from it at the same time."""
    content = packed(**{f"file{number}": f"{number}" * 3_000_000 for number in range(4)})
    with archive_files(io.BytesIO(content), "an archive") as files:

        def read(_turn: int) -> bytes:
            stream = io.BytesIO()
            files.write_all(stream, "")
            return stream.getvalue()

        alone = read(0)
        with ThreadPoolExecutor(4) as pool:
            assert all(found == alone for found in pool.map(read, range(8)))


# By name: a gzip holds the time, and all processes of a test run must see the same tests.
@pytest.mark.parametrize("name", WICKED)
def test_a_wicked_or_broken_archive_is_refused(name: str) -> None:
    """What leads out of an archive, is no file, or is not whole, is INVALID."""
    content, told = WICKED[name]
    with pytest.raises(DriverError, match=told) as caught:
        opened(content)
    assert caught.value.kind in (ErrorKind.INVALID, ErrorKind.MISSING)


def test_a_text_is_a_dockerfile_alone() -> None:
    """Instead of an archive, the text of a Dockerfile is built without any file."""
    assert list(opened(b"FROM x\n").values()) == ["FROM x\n"]


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """Serve a repository with branch main and tag v1 to ann; give its address."""
    made = origin(tmp_path / "site", {"app/Dockerfile": "FROM x", "app/a": "1", "top": "2"})
    made.git("tag", "v1")
    made.commit({"app/a": "3"})
    with git_server(tmp_path, "ann", "pw") as server:
        yield f"{server.url.replace('//', '//ann:pw@')}/site/.git"


def test_a_git_url_gives_a_folder_of_a_branch_tag_or_commit(
    repository: str, tmp_path: Path
) -> None:
    """Each ref gives its own files, and says what it stands for; the password is nowhere."""
    cache = tmp_path / "cache"
    with open_context(cache, f"{repository}#:app") as files:
        assert sent(files) == {"Dockerfile": "FROM x", "a": "3"}
        assert files.facts.branch == "main"
        assert "pw" not in str(files.facts)
        newest = files.facts.commit
        assert files.read("a") == b"3"
    with open_remote(cache, f"{repository}#v1", Event()) as files:
        assert sent(files, "app") == {"Dockerfile": "FROM x", "a": "1"}
        assert files.facts.tag == "v1"
        assert files.facts.date > 0
    with open_context(cache, f"{repository}#{newest}:app") as files:
        assert sent(files)["a"] == "3"
    with pytest.raises(DriverError, match="has no branch or tag") as caught:
        open_context(cache, f"{repository}#v2").__enter__()
    assert caught.value.kind is ErrorKind.MISSING
    with pytest.raises(DriverError, match="no folder"):
        open_context(cache, f"{repository}#v1:nothere").__enter__()


def test_a_context_in_a_task_reads_nothing_of_this_machine(tmp_path: Path) -> None:
    """A build step's context may not be a path, a file URL or standard input."""
    write(tmp_path, {"Dockerfile": "FROM x"})
    for address in (str(tmp_path), f"file://{tmp_path}", "-"):
        with pytest.raises(DriverError, match="on the machine that runs the task"):
            open_remote(tmp_path / "cache", address, Event())


def test_a_login_for_a_download_goes_to_its_own_server_only(tmp_path: Path) -> None:
    """The server of a URL gets its user name and password; the one it sends us to does not."""
    content = packed(Dockerfile="FROM x")

    def last(_request: Asked) -> Reply:
        return Reply(200, {}, content)

    with serving(last) as (second, asked):

        def first(request: Asked) -> Reply:
            if "Authorization" not in request.headers:
                return Reply(401)
            return Reply(302, {"Location": f"http://{second}/b"})

        with serving(first) as (host, _):
            with open_context(tmp_path, f"http://ann:pw@{host}/a") as files:
                assert sent(files) == {"Dockerfile": "FROM x"}
            with pytest.raises(DriverError, match="answered 401") as caught:
                open_context(tmp_path, f"http://{host}/a").__enter__()
        assert caught.value.kind is ErrorKind.DENIED
        assert "Authorization" not in asked[0].headers
    with pytest.raises(DriverError) as caught:
        open_context(tmp_path, "http://127.0.0.1:1/a").__enter__()
    assert caught.value.kind is ErrorKind.UNREACHABLE
