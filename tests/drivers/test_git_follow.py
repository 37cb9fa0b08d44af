from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from git_server import git_server
from source_fixtures import (
    Origin,
    calls,
    counted_git,
    git_source,
    origin,
    read,
    task,
    unpack,
    write,
)
from support.clocks import ManualClock

from gitops.drivers.git import mirror
from gitops.drivers.git.mirror import FetchLimits
from gitops.drivers.sources.reader import Sources
from gitops.engine.watch.polling import PolledSources
from gitops.model.outcomes import Absent, Found
from gitops.model.resources import (
    BuildTask,
    Credentials,
    GitRef,
    PathSource,
    PullRequests,
    Triggers,
)
from gitops.model.secret import EnvSecret, Secret
from gitops.model.sources import Source

FILES = {"web/Dockerfile": "FROM a\n", "web/src/x.py": "1", "web/README.md": "1", "other/y": "1"}
REF = EnvSecret("TOKEN")
SECRETS = {REF: Secret("hunter22")}
FORMS = ("refs/pull/{}/head", "refs/merge-requests/{}/head", "refs/pull-requests/{}/from")


def follow(built: BuildTask, triggers: Triggers) -> BuildTask:
    return built._replace(triggers=triggers)


def pull(repository: Origin, ref: str, files: dict[str, str]) -> str:
    """Make a commit to which nothing but `ref` leads."""
    commit = repository.commit(files)
    repository.git("update-ref", ref, commit)
    repository.git("reset", "-q", "--hard", "HEAD^")
    return commit


def pulls(source: Source) -> dict[str, str]:
    return {one.pull: one.commit for one in source.beside}


def test_a_commit_that_touches_nothing_followed_is_the_same_to_follow(tmp_path: Path) -> None:
    """`followed` changes with the files that `paths` chooses and `ignore` does not, only then."""
    repository = origin(tmp_path / "origin", FILES)
    sources = Sources(tmp_path / "cache")
    triggers = Triggers(paths=("web/**", "!web/docs/**"), ignore=("*.md",))
    built = follow(task(git_source(repository.url, path="web")), triggers)
    first = read(sources, built)
    repository.commit({"web/README.md": "2", "web/docs/a": "1", "other/y": "2"})
    second = read(sources, built)
    assert second.commit != first.commit
    assert (second.tree != first.tree, second.followed) == (True, first.followed)
    repository.commit({"web/src/x.py": "2"})
    assert read(sources, built).followed != first.followed
    plain = read(sources, follow(built, Triggers()))
    assert plain.followed == plain.tree


def test_patterns_of_a_folder_start_in_it(tmp_path: Path) -> None:
    """A folder's patterns are relative to the folder, and what they leave out is not followed."""
    write(tmp_path / "web", {"Dockerfile": "FROM a\n", "src/x": "1", "docs/y": "1"})
    built = follow(task(PathSource(str(tmp_path / "web"))), Triggers(paths=("src/**",)))
    sources = Sources(tmp_path / "cache")
    first = read(sources, built)
    write(tmp_path / "web", {"docs/y": "2"})
    assert read(sources, built).followed == first.followed
    write(tmp_path / "web", {"src/x": "2"})
    assert read(sources, built).followed != first.followed


@pytest.mark.parametrize(
    ("paths", "says"),
    [(("src/**",), "patterns start at the top of the repository: write for instance web/**"),
     (("web/[x",), "has a [ without a ]"), (("!/",), "is not a pattern")],
)  # fmt: skip
def test_patterns_that_follow_nothing_are_an_error(
    tmp_path: Path, paths: tuple[str, ...], says: str
) -> None:
    """Patterns that choose no file would never build again, so they are refused with the reason."""
    repository = origin(tmp_path / "origin", FILES)
    built = follow(task(git_source(repository.url, path="web")), Triggers(paths=paths))
    seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Absent)
    assert says in seen.what


def test_the_newest_tag_is_followed_beside_the_branch(tmp_path: Path) -> None:
    """A glob or a range names the newest tag by version; the branch stays the task's own source."""
    repository = origin(tmp_path / "origin", FILES)
    head = repository.git("rev-parse", "HEAD")
    for tag in ("v1.9.0", "v1.10.0", "v2.0.0-rc.1", "nightly"):
        repository.git("tag", tag)
    sources, built = Sources(tmp_path / "cache"), task(git_source(repository.url, path="web"))
    for wanted, tag in {"v1.*": "v1.10.0", ">=1 <2": "v1.10.0", "v*": "v2.0.0-rc.1"}.items():
        source = read(sources, follow(built, Triggers(tags=wanted)))
        assert (source.branch, source.tag) == ("main", "")
        assert [(one.tag, one.branch, one.commit) for one in source.beside] == [(tag, "", head)]
    assert read(sources, follow(built, Triggers(tags="v9*"))).beside == ()


@pytest.mark.parametrize("form", FORMS)
def test_pull_requests_come_with_the_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The newest ones come with one ls-remote and one fetch, without those that head a branch."""
    repository = origin(tmp_path / "origin", FILES)
    wanted = {
        str(number): pull(repository, form.format(number), {"web/src/x.py": str(number)})
        for number in (1, 2, 9, 10)
    }
    repository.git("update-ref", form.format(11), "HEAD")
    path, log = counted_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(path), prepend=os.pathsep)
    sources = Sources(tmp_path / "cache")
    built = task(git_source(repository.url, path="web"))
    triggers = Triggers(pulls=PullRequests(enabled=True, limit=3))
    for _ in range(2):
        source = read(sources, follow(built, triggers))
        assert list(pulls(source).items()) == [(n, wanted[n]) for n in ("10", "9", "2")]
    assert (calls(log, "ls-remote"), calls(log, "fetch")) == (2, 2)
    assert source.beside_errors == ()
    repository.git("update-ref", "-d", form.format(10))
    assert list(pulls(read(sources, follow(built, triggers)))) == ["9", "2", "1"]


def test_without_the_trigger_pull_requests_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that names its branch asks for branches and tags: the server sends no pull request."""
    repository = origin(tmp_path / "srv/app", FILES)
    repository.git("update-ref", "refs/pull/1/head", "HEAD")
    path, log = counted_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(path), prepend=os.pathsep)
    monkeypatch.setenv("GIT_TRACE_PACKET", str(tmp_path / "packets"))
    real = shutil.which("git", path="/usr/bin:/usr/local/bin:/bin")
    (path / "git").write_text(
        f'#!/bin/sh\necho "$*" >> {log}\nexport GIT_TRACE_PACKET={tmp_path}/packets\n'
        f'exec {real} "$@"\n'
    )
    built = task(git_source(repository.url, GitRef(branch="main"), "web"))
    assert read(Sources(tmp_path / "cache"), built).beside == ()
    packets = (tmp_path / "packets").read_text()
    assert "refs/heads/main" in packets
    assert "refs/pull" not in packets


def test_what_is_sent_for_a_pull_request_is_its_own(tmp_path: Path) -> None:
    """A pull request's files are sent, also after the cache was lost; never the branch's."""
    repository = origin(tmp_path / "origin", FILES)
    pull(repository, FORMS[0].format(7), {"web/src/x.py": "theirs"})
    sources = Sources(tmp_path / "cache")
    triggers = Triggers(pulls=PullRequests(enabled=True))
    built = follow(task(git_source(repository.url, path="web")), triggers)
    (source,) = read(sources, built).beside
    shutil.rmtree(tmp_path / "cache")
    with (
        (tmp_path / "out.tar").open("wb") as stream,
        sources.context(built, source, {}) as context,
    ):
        context.write_to(stream)
    shutil.unpack_archive(tmp_path / "out.tar", tmp_path / "out", filter="fully_trusted")
    assert (tmp_path / "out/src/x.py").read_text() == "theirs"
    assert source.location == f"{repository.url}#refs/pull/7/head:web"
    member = unpack(sources, built).extractfile("src/x.py")
    assert member is not None
    assert member.read() == b"1"


def test_a_bad_pull_request_hurts_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without a Dockerfile and one that is too large are notes; branch and others are read."""
    monkeypatch.setattr(mirror, "PULL", FetchLimits(60.0, 1 << 20))
    repository = origin(tmp_path / "origin", FILES)
    good = pull(repository, FORMS[0].format(1), {"web/src/x.py": "good"})
    (repository.folder / "web/big").write_bytes(os.urandom(3 << 20))
    pull(repository, FORMS[0].format(2), {})
    repository.git("rm", "-q", "web/Dockerfile")
    pull(repository, FORMS[0].format(3), {})
    triggers = Triggers(pulls=PullRequests(enabled=True))
    built = follow(task(git_source(repository.url, path="web")), triggers)
    source = read(Sources(tmp_path / "cache"), built)
    assert source.commit == repository.git("rev-parse", "HEAD")
    assert pulls(source) == {"1": good}
    large, missing = sorted(source.beside_errors)
    assert large.startswith("pull request 2: cannot read the git repository")
    assert missing.startswith("pull request 3: there is no file")


def test_a_burst_of_commits_is_its_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten commits between two looks are one change and one fetch."""
    repository = origin(tmp_path / "origin", FILES)
    sources, built = Sources(tmp_path / "cache"), task(git_source(repository.url, path="web"))
    read(sources, built)
    last = [repository.commit({"web/src/x.py": f"burst {n}"}) for n in range(10)][-1]
    path, log = counted_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(path), prepend=os.pathsep)
    assert read(sources, built).commit == last
    assert (calls(log, "ls-remote"), calls(log, "fetch")) == (1, 1)


def test_fifty_repositories_are_asked_once_an_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty remotes with two tasks each: one ls-remote each per interval, a fetch per change."""
    first = origin(tmp_path / "srv/r0", FILES)
    repositories = [first]
    for number in range(1, 50):
        shutil.copytree(first.folder, tmp_path / f"srv/r{number}")
        repositories.append(Origin(tmp_path / f"srv/r{number}"))
    path, log = counted_git(tmp_path / "bin")
    clock = ManualClock()
    polled = PolledSources(Sources(tmp_path / "cache"), clock)

    def look(tasks: list[BuildTask]) -> tuple[int, int]:
        log.write_text("")
        seen = polled.read(tasks, SECRETS)
        assert all(isinstance(one, Found) and not one.value.stale for one in seen.values())
        return calls(log, "ls-remote"), calls(log, "fetch")

    with git_server(tmp_path / "srv", "ci", "hunter22") as server, monkeypatch.context() as patch:
        patch.setenv("PATH", str(path), prepend=os.pathsep)
        login = Credentials("ci", REF)
        tasks = [
            task(git_source(f"{server.url}/r{n}/.git", path="web", credentials=login), f"{k}-{n}")
            for n in range(50)
            for k in ("a", "b")
        ]
        assert look(tasks[::2]) == (50, 50)
        clock.now += 30
        assert look(tasks) == (50, 0)  # the other tasks are new, and put the first ones off
        clock.now += 59
        assert look(tasks) == (0, 0)
        clock.now += 2
        assert look(tasks) == (50, 0)
        clock.now += 61
        repositories[7].commit({"web/src/x.py": "2"})
        assert look(tasks) == (50, 1)
