from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from source_fixtures import WHEN, calls, counted_git, git_source, origin, read, task, unpack

from gitops.drivers.base import DriverError
from gitops.drivers.git.access import split_url
from gitops.drivers.git.listing import module_remote
from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.resources import GitRef, PathSource

FILES = {"Dockerfile": "FROM busybox\n", "web/Dockerfile": "FROM a\n", "web/x": "1"}


def test_each_kind_of_ref_is_followed(tmp_path: Path) -> None:
    """Branch, tag (annotated too), range, commit and no ref give the commit they stand for."""
    repository = origin(tmp_path / "origin", FILES)
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "-a", "-m", "one", "v1.0.0")
    second = repository.commit({"web/x": "2"})
    repository.git("tag", "v1.1.0")
    repository.git("checkout", "-q", "-b", "feature/a")
    third = repository.commit({"web/x": "3"})
    repository.git("checkout", "-q", "main")
    sources = Sources(tmp_path / "cache")
    wanted = {
        GitRef(): (second, "main", ""),
        GitRef(branch="feature/a"): (third, "feature/a", ""),
        GitRef(tag="v1.0.0"): (first, "", "v1.0.0"),
        GitRef(semver="^1"): (second, "", "v1.1.0"),
        GitRef(commit=first): (first, "", ""),
    }
    for ref, expected in wanted.items():
        source = read(sources, task(git_source(repository.url, ref)))
        assert (source.commit, source.branch, source.tag) == expected
        assert source.date == WHEN


def test_one_question_and_one_fetch_serve_every_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks of one repository cost one ls-remote, and one fetch for each new commit; then none."""
    repository = origin(tmp_path / "origin", FILES)
    repository.git("tag", "v1.0.0")
    repository.commit({"web/x": "2"})
    path, log = counted_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(path), prepend=":")
    sources = Sources(tmp_path / "cache")
    tasks = [task(git_source(repository.url), f"a{n}") for n in range(3)]
    tasks += [
        task(git_source(repository.url, GitRef(tag="v1.0.0"), "web"), f"b{n}") for n in range(3)
    ]
    for _ in range(2):
        assert all(isinstance(seen, Found) for seen in sources.read(tasks, {}).values())
    assert (calls(log, "ls-remote"), calls(log, "fetch")) == (2, 2)
    log.write_text("")
    read(
        sources,
        task(git_source(repository.url, GitRef(commit=repository.git("rev-parse", "HEAD")))),
    )
    assert (calls(log, "ls-remote"), calls(log, "fetch")) == (0, 0)


def test_a_commit_on_no_branch_can_be_built(tmp_path: Path) -> None:
    """A commit that only an id leads to is fetched where the server gives it."""
    repository = origin(tmp_path / "origin", FILES)
    lost = repository.commit({"web/x": "lost"})
    repository.git("reset", "-q", "--hard", "HEAD^")
    built = task(git_source(repository.url, GitRef(commit=lost), "web"))
    tar = unpack(Sources(tmp_path / "cache"), built)
    assert {m.name: m.mtime for m in tar.getmembers()} == {"Dockerfile": WHEN, "x": WHEN}
    member = tar.extractfile("x")
    assert member is not None
    assert member.read() == b"lost"


def test_a_server_that_gives_only_refs_still_gives_their_past(tmp_path: Path) -> None:
    """An old commit of a branch is found by fetching all, where asking by id is refused."""
    repository = origin(tmp_path / "origin", FILES)
    first = repository.git("rev-parse", "HEAD")
    repository.commit({"web/x": "2"})
    sources = Sources(tmp_path / "cache")
    read(sources, task(git_source(repository.url)))
    for config in (tmp_path / "cache/git").glob("config"):
        # Protocol 0 is what servers speak that refuse ids.
        config.write_text(config.read_text().replace("version = 2", "version = 0"))
    from gitops.drivers.git import mirror  # noqa: PLC0415 - only this test needs it

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mirror, "CONFIG", (tmp_path / "cache/git/config").read_text())
        assert read(sources, task(git_source(repository.url, GitRef(commit=first)))).commit == first
        gone = task(git_source(repository.url, GitRef(commit="1" * 40)))
        seen = sources.read([gone], {})[gone.address]
    assert isinstance(seen, Absent)


@pytest.mark.parametrize(
    ("ref", "path", "says"),
    [
        (GitRef(branch="mian"), ".", "it has the branches main"),
        (GitRef(tag="v9"), ".", "it has the tags v1"),
        (GitRef(semver="^9"), ".", "has no semver ^9"),
        (GitRef(semver="soon"), ".", "not a version range"),
        (GitRef(commit="abc"), ".", "write all 40 digits"),
        (GitRef(), "wbe", "has the folders web"),
        (GitRef(), "../web", "leads out"),
        (GitRef(), "link", "symbolic link"),
        (GitRef(), "link/deep", "symbolic link"),
        (GitRef(), "none", "there is no folder"),
    ],
)
def test_what_is_not_there_is_absent_and_near_names_are_told(
    tmp_path: Path, ref: GitRef, path: str, says: str
) -> None:
    """A wrong ref or path is absent, with what exists; a path through a link is refused."""
    repository = origin(tmp_path / "origin", FILES | {"web/deep/Dockerfile": "FROM a\n"})
    (repository.folder / "link").symlink_to("web")
    repository.commit({})
    repository.git("tag", "v1")
    built = task(git_source(repository.url, ref, path))
    seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Absent), seen
    assert says in seen.what


def test_a_remote_that_is_gone_leaves_its_last_commit(tmp_path: Path) -> None:
    """A remote that cannot be asked has no new commit: the last one stays wanted, and is marked."""
    repository = origin(tmp_path / "origin", FILES)
    sources, built = Sources(tmp_path / "cache"), task(git_source(repository.url))
    source = read(sources, built)
    repository.folder.rename(tmp_path / "elsewhere")
    seen = sources.read([built], {})[built.address]
    assert isinstance(seen, Found)
    assert "cannot read the git repository" in seen.value.stale
    assert seen.value._replace(stale="") == source
    with sources.context(built, source, {}) as context:
        assert context.dockerfile == "Dockerfile"


def test_a_remote_that_never_answered_is_unreachable(tmp_path: Path) -> None:
    """Where nothing was ever seen, nothing is concluded."""
    built = task(git_source(str(tmp_path / "nowhere")))
    seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Unreachable)


def test_a_commit_is_fetched_again_when_the_cache_is_gone(tmp_path: Path) -> None:
    """The cache may be removed between reading and building, and the branch may have moved on."""
    repository = origin(tmp_path / "origin", FILES)
    built = task(git_source(repository.url))
    source = read(Sources(tmp_path / "one"), built)
    repository.commit({"web/x": "2"})
    with Sources(tmp_path / "other").context(built, source, {}) as context:
        assert context.dockerfile == "Dockerfile"


def test_an_inherited_git_environment_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_* variables of a hook or a CI job do not lead to another repository."""
    repository = origin(tmp_path / "origin", FILES)
    other = origin(tmp_path / "other", {"Dockerfile": "FROM other\n"})
    expected = repository.git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git/objects"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{other.url}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", repository.url)
    assert read(Sources(tmp_path / "cache"), task(git_source(repository.url))).commit == expected


def test_a_command_in_an_address_is_refused(tmp_path: Path) -> None:
    """`ext::` and option-like addresses run nothing."""
    for url in (f"ext::touch {tmp_path}/ran", f"--upload-pack=touch {tmp_path}/ran"):
        built = task(git_source(url))
        seen = Sources(tmp_path / "cache").read([built], {})[built.address]
        assert isinstance(seen, Absent)
    assert not (tmp_path / "ran").exists()


def test_submodules_are_part_of_the_context(tmp_path: Path) -> None:
    """With `submodules`, their files at the recorded commit are sent, nested ones too."""
    origin(tmp_path / "inner", {"deep.txt": "deep"})
    library = origin(tmp_path / "library", {"lib.txt": "1"})
    library.git("submodule", "--quiet", "add", "../inner", "inner")
    library.commit({})
    repository = origin(tmp_path / "origin", {"web/Dockerfile": "FROM a\n"})
    repository.git("submodule", "--quiet", "add", "../library", "web/library")
    repository.commit({})
    library.commit({"lib.txt": "2"})
    sources = Sources(tmp_path / "cache")
    with_modules = task(git_source(repository.url, path="web", submodules=True))
    tar = unpack(sources, with_modules)
    assert {"library/lib.txt", "library/inner/deep.txt"} <= set(tar.getnames())
    member = tar.extractfile("library/lib.txt")
    assert member is not None
    assert member.read() == b"1"
    without = unpack(sources, task(git_source(repository.url, path="web")))
    assert set(without.getnames()) == {"Dockerfile", "library"}
    repository.git("submodule", "--quiet", "update", "--init", "--recursive")
    local = read(sources, task(PathSource(str(repository.folder / "web"))))
    assert local.tree == read(sources, with_modules).tree


def test_credentials_go_to_no_other_host_and_no_module_is_local() -> None:
    """A submodule elsewhere gets no credentials; one of a remote parent is never a local path."""
    parent = split_url("https://ci:hunter22@example.org/team/app.git")
    assert parent.url == "https://example.org/team/app.git"
    same = module_remote(parent, "../lib.git")
    assert (same.url, same.login) == ("https://example.org/team/lib.git", parent.login)
    assert module_remote(parent, "https://evil.example/x").login.password is None
    with pytest.raises(DriverError, match="on this machine"):
        module_remote(parent, "/etc")
    scp = module_remote(split_url("git@example.org:team/app.git"), "../lib.git")
    assert scp.url == "git@example.org:team/lib.git"


def test_threads_share_one_cache(tmp_path: Path) -> None:
    """Eight readers of one cold cache all succeed, and leave one mirror and nothing half made."""
    repository = origin(tmp_path / "origin", FILES)
    built = task(git_source(repository.url))
    with ThreadPoolExecutor(8) as pool:
        commits = set(pool.map(lambda _: read(Sources(tmp_path / "cache"), built).commit, range(8)))
    assert commits == {repository.git("rev-parse", "HEAD")}
    assert len([p for p in (tmp_path / "cache/git").iterdir() if p.is_dir()]) == 1


def test_locks_of_a_killed_git_do_not_stay_in_the_way(tmp_path: Path) -> None:
    """A fetch goes through although an earlier one was killed in the middle."""
    repository = origin(tmp_path / "origin", FILES)
    sources, built = Sources(tmp_path / "cache"), task(git_source(repository.url))
    read(sources, built)
    (mirror,) = (tmp_path / "cache/git").glob("*.git")
    (ref,) = (mirror / "refs/gitops").iterdir()
    ref.with_suffix(".lock").touch()
    (mirror / "shallow.lock").touch()
    commit = repository.commit({"web/x": "2"})
    assert read(sources, built).commit == commit


def test_folders_alone_import_no_git() -> None:
    """GitPython is imported for a git source only: it costs as much as the rest of the start."""
    code = "import sys, gitops.drivers.sources.reader; sys.exit('git' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
