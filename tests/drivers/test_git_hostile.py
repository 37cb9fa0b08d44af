from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_server import git_server
from hostile_repository import (
    PULL,
    Hostile,
    advertisement,
    both,
    following,
    lying_server,
    seen,
)
from source_fixtures import calls, counted_git, git_source, read, task, unpack

from gitops.drivers.base import DriverError
from gitops.drivers.git import mirror
from gitops.drivers.git.access import split_url
from gitops.drivers.git.listing import module_remote
from gitops.drivers.git.refs import parse_refs
from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Absent, Unreachable
from gitops.model.resources import Credentials, GitRef
from gitops.model.secret import EnvSecret, Secret

REF = EnvSecret("TOKEN")


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    return Hostile(tmp_path / "srv/repo.git")


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path / "cache")


@pytest.mark.parametrize(
    "name",
    ["..", ".", ".git", ".GIT", "git~1", ".g\u200cit", ".git ", "../../../tmp/x", "a/../../x",
     "/etc/x", "a//b", "x/.git/config"],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(hostile: Hostile, sources: Sources, name: str) -> None:
    """Dots, absolute paths and git's own folder in a tree are an error, of a file and a folder."""
    file = ("100644", "Dockerfile", hostile.dockerfile)
    inner = hostile.tree([("100644", "config", hostile.blob("[core]\n"))])
    for entry in (("100755", name, hostile.blob("x")), ("40000", name, inner)):
        for text in both(hostile, sources, [file, entry]):
            assert "holds a path that no build gets" in text
        hostile.point("refs/heads/main", [file])


def test_a_link_and_a_folder_of_one_name_are_refused(hostile: Hostile, sources: Sources) -> None:
    """A link out and a folder of the same name would write through the link when unpacked."""
    folder = hostile.tree([("100644", "passwd", hostile.blob("root::0:0::/:/bin/sh"))])
    items = [
        ("100644", "Dockerfile", hostile.dockerfile),
        ("120000", "a", hostile.blob("/etc")),
        ("40000", "a", folder),
    ]
    for text in both(hostile, sources, items):
        assert "is a file and a folder at once" in text
    hostile.point("refs/heads/main", items[:1])
    for text in both(hostile, sources, [*items[:2], items[1]]):
        assert "is there twice" in text


def test_links_travel_as_links(hostile: Hostile, sources: Sources) -> None:
    """A link out of the context is sent as it is; what it points to is never opened."""
    hostile.point(
        "refs/heads/main",
        [
            ("120000", ".dockerignore", hostile.blob("/etc/passwd")),
            ("100644", "Dockerfile", hostile.dockerfile),
            ("120000", "out", hostile.blob("/etc/passwd")),
            ("120000", "up", hostile.blob("../../../..")),
        ],
    )
    tar = unpack(sources, task(git_source(hostile.url)))
    links = {m.name: m.linkname for m in tar.getmembers() if m.issym()}
    assert links == {".dockerignore": "/etc/passwd", "out": "/etc/passwd", "up": "../../../.."}
    assert all(m.size == 0 for m in tar.getmembers() if m.issym())


def test_a_linked_dockerfile_or_folder_is_refused(hostile: Hostile, sources: Sources) -> None:
    """Neither the Dockerfile nor the folder of the context may be reached through a link."""
    for text in both(hostile, sources, [("120000", "Dockerfile", hostile.blob("/etc/passwd"))]):
        assert "goes through the symbolic link" in text
    hostile.point("refs/heads/main", [("120000", "web", hostile.blob("/etc"))])
    found = seen(sources, task(git_source(hostile.url, path="web")))
    assert isinstance(found, Absent)
    assert "goes through a symbolic link" in found.what


def test_odd_names_are_content_and_move_no_cursor(hostile: Hostile, sources: Sources) -> None:
    """Line ends and control characters in names are sent as they are, and never shown as such."""
    names = ["-rf", "a\nb", "c\x1b[2Jd", "é\u202ex", "C:\\x", "..."]
    file = hostile.blob("x")
    items = [("100644", name, file) for name in names]
    hostile.point("refs/heads/main", [*items, ("100644", "Dockerfile", hostile.dockerfile)])
    assert set(unpack(sources, task(git_source(hostile.url))).getnames()) == {*names, "Dockerfile"}
    hostile.point("refs/heads/main", items)
    found = seen(sources, task(git_source(hostile.url)))
    assert isinstance(found, Absent)
    assert not {"\x1b", "\n", "\u202e"} & set(found.what)


SUBMODULES = [
    "file:///etc", "file://localhost/etc", "/etc", "ext::sh -c 'touch {}'", "fd::17",
    "--upload-pack=touch {}", "-u./x", "ssh://-oProxyCommand=touch {}/x",
    "git@-oProxyCommand=touch {}:x", "-oProxyCommand=touch {}:x", "FILE:///etc", "ftp://e.invalid/x",
    "http://[::", "https:///etc", "a\nhost=evil", "./../../..", "..",
]  # fmt: skip


@pytest.mark.parametrize("url", SUBMODULES)
def test_a_submodule_reaches_neither_this_machine_nor_a_program(
    tmp_path: Path, hostile: Hostile, sources: Sources, url: str
) -> None:
    """A submodule of a remote repository may be at no path, no helper, no option of git or ssh."""
    marker = tmp_path / "marker"
    quoted = url.format(marker).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    modules = f'[submodule "m"]\n\tpath = m\n\turl = "{quoted}"\n\tupdate = !touch {marker}\n'
    hostile.point(
        "refs/heads/main",
        [
            ("100644", ".gitmodules", hostile.blob(modules)),
            ("100644", "Dockerfile", hostile.dockerfile),
            ("160000", "m", "1" * 40),
        ],
    )
    with git_server(tmp_path / "srv", "ci", "hunter22") as server:
        built = task(
            git_source(
                f"{server.url}/repo.git", submodules=True, credentials=Credentials("ci", REF)
            )
        )
        found = sources.read([built], {REF: Secret("hunter22")})[built.address]
    assert isinstance(found, Absent | Unreachable)
    assert not marker.exists()
    parent = split_url("https://ci:hunter22@example.org/team/app.git")
    try:
        remote = module_remote(parent, url)
    except DriverError:
        return
    assert remote.url.startswith("https://example.org/")


@pytest.mark.parametrize(
    "modules",
    [
        '[submodule ".."]\n\tpath = ..\n\turl = ../x\n',
        '[submodule "../../x"]\n\tpath = .git/hooks\n\turl = ../x\n',
        "[include]\n\tpath = {fifo}\n",
        "[submodule\n",
        "",
    ],
)
def test_tricks_in_gitmodules_name_nothing(
    tmp_path: Path, hostile: Hostile, sources: Sources, modules: str
) -> None:
    """Paths, names and includes in `.gitmodules` lead nowhere; a submodule it omits is an error."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)  # reading it would wait for ever
    items = [
        ("100644", ".gitmodules", hostile.blob(modules.format(fifo=fifo))),
        ("100644", "Dockerfile", hostile.dockerfile),
        ("160000", "m", "1" * 40),
    ]
    for first in (items[0], ("120000", ".gitmodules", hostile.blob("/etc/passwd"))):
        hostile.point("refs/heads/main", [first, *items[1:]])
        found = seen(sources, task(git_source(hostile.url, submodules=True)))
        assert isinstance(found, Absent)
        assert "submodule 'm' of" in found.what


def test_a_pull_request_follows_no_submodule(
    tmp_path: Path, hostile: Hostile, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a pull request's `.gitmodules` says, its submodules are empty folders."""
    hostile.point(
        PULL,
        [
            (
                "100644",
                ".gitmodules",
                hostile.blob('[submodule "m"]\n\tpath=m\n\turl=../own.git\n'),
            ),
            ("100644", "Dockerfile", hostile.dockerfile),
            ("160000", "m", Hostile(tmp_path / "srv/own.git").commit("1" * 40)),
        ],
    )
    path, log = counted_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(path), prepend=os.pathsep)
    source = read(sources, following(hostile, submodules=True))
    assert [one.pull for one in source.beside] == ["1"]
    assert calls(log, "fetch") == 2
    assert "own.git" not in log.read_text()


def test_filters_hooks_and_attributes_do_nothing(
    tmp_path: Path, hostile: Hostile, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No filter, hook or attribute is applied, not even one that the user's own git would."""
    marker = tmp_path / "marker"
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(
        f'[filter "evil"]\n\tsmudge = touch {marker}\n\tprocess = touch {marker}\n'
        f'[diff "evil"]\n\ttextconv = touch {marker}\n[core]\n\thooksPath = {tmp_path}/hooks\n'
        f"\tfsmonitor = touch {marker}\n\tsshCommand = touch {marker}\n"
    )
    (tmp_path / "hooks").mkdir()
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc"):
        (tmp_path / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (tmp_path / "hooks" / hook).chmod(0o755)
    attributes = "* filter=evil diff=evil ident export-subst eol=crlf\n*.bin filter=lfs\n"
    hostile.point(
        PULL,
        [
            ("100644", ".gitattributes", hostile.blob(attributes)),
            ("100644", "Dockerfile", hostile.dockerfile),
            ("100644", "v", hostile.blob("$Id$ $Format:%H$\n")),
        ],
    )
    monkeypatch.setenv(
        "HOME", str(tmp_path / "home")
    )  # not before: the test's own git has hooks too
    built = following(hostile)
    (source,) = read(sources, built).beside
    with (tmp_path / "tar").open("wb") as stream, sources.context(built, source, {}) as context:
        context.write_to(stream)
    assert b"$Id$ $Format:%H$\n" in (tmp_path / "tar").read_bytes()
    assert not marker.exists()


@pytest.mark.parametrize(
    "word", ["--upload-pack=touch {}", "-oProxyCommand=touch {}", "--output={}"]
)
def test_what_looks_like_an_option_is_none(
    tmp_path: Path, hostile: Hostile, sources: Sources, word: str
) -> None:
    """Branches, tags, ranges, commits, paths and Dockerfiles like options are just not found."""
    marker = tmp_path / "marker"
    text = word.format(marker)
    kinds = [GitRef(branch=text), GitRef(tag=text), GitRef(semver=text), GitRef(commit=text)]
    tasks = [task(git_source(hostile.url, ref), f"a{n}") for n, ref in enumerate(kinds)]
    tasks += [
        task(git_source(hostile.url, path=text), "path"),
        task(git_source(hostile.url), "file", dockerfile=text),
        task(git_source(text), "url"),
    ]
    found = sources.read(tasks, {})
    assert all(isinstance(one, Absent) for one in found.values()), found
    assert not marker.exists()


def test_refs_that_git_would_not_make_are_not_there(hostile: Hostile, sources: Sources) -> None:
    """Names with dots, dashes, line ends or of great length do not count, nor from a server."""
    oid = "1" * 40
    bad = ["-x", "a..b", "a b", "a\x1b[2J", "x.lock", "/x", "a//b", "@{u}", "x" * 2000, "a\\b", ""]
    listing = "".join(f"{oid}\trefs/heads/{name}\n{oid}\trefs/tags/{name}\n" for name in bad)
    pulls = "".join(
        f"{oid}\trefs/pull/{number}/head\n"
        for number in ("0", "-1", "1/..", "٣", "9" * 40, "1\x00")
    )
    refs = parse_refs(f"{listing}{pulls}zz\trefs/heads/z\n{oid}\trefs/heads/a\u2028{oid}\n")
    assert (dict(refs.tags), dict(refs.pulls), list(refs.branches)) == ({}, {}, [f"a\u2028{oid}"])
    lie = advertisement([(oid, b"HEAD"), (oid, b"refs/heads/--upload-pack=x"), (oid, b"refs/../x")])
    with lying_server(lie) as url:
        found = seen(sources, task(git_source(url)))
    assert isinstance(found, Absent | Unreachable)
    assert hostile.url not in str(found)


def test_too_many_refs_say_nothing(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that lists without end is given up, and nothing follows from what it said."""
    monkeypatch.setattr(mirror, "REFS_BYTES", 1 << 20)
    many = [("1" * 40, b"refs/heads/%0200d" % number) for number in range(5000)]
    with lying_server(advertisement(many)) as url:
        found = seen(sources, task(git_source(url)))
    assert isinstance(found, Unreachable)
    assert "more than 1 MiB" in found.why


def test_a_redirect_leads_to_no_file(hostile: Hostile, sources: Sources) -> None:
    """A server cannot send us to this machine's files."""
    for location in (f"{hostile.url}/info/refs", f"file://localhost{hostile.folder}/info/refs"):
        with lying_server(location=location) as url:
            found = seen(sources, task(git_source(f"{url}/x")))
        assert isinstance(found, Unreachable)
