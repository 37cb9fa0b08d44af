from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from git_server import git_server
from source_fixtures import calls, counted_git, git_source, origin, read, task, unpack

from gitops.drivers.git import mirror
from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Unreachable
from gitops.model.resources import Credentials, SshKey
from gitops.model.secret import EnvSecret, Secret

PASSWORD = "hunter22-πß"
REF = EnvSecret("TOKEN")
SECRETS = {REF: Secret(PASSWORD)}
FILES = {"Dockerfile": "FROM busybox\n"}


def traced_git(folder: Path) -> Path:
    """Make a `git` that logs every argument of every git process; return the log."""
    path, log = counted_git(folder)
    real = shutil.which("git")
    (path / "git").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexport GIT_TRACE={log} GIT_TRACE_CURL=0\n'
        f'exec {real} "$@"\n'
    )
    return log


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_password_reaches_the_server_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An https source is read with its credentials, which stand in no argument and no file."""
    repository = origin(tmp_path / "srv/app", FILES)
    log = traced_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(log.parent), prepend=os.pathsep)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    sources = Sources(tmp_path / "cache")
    with git_server(tmp_path / "srv", "ci", PASSWORD) as server:
        built = task(git_source(f"{server.url}/app/.git", credentials=Credentials("ci", REF)))
        source = read(sources, built, SECRETS)
        assert unpack(sources, built, SECRETS).getnames() == ["Dockerfile"]
    assert source.commit == repository.git("rev-parse", "HEAD")
    assert 401 in server.statuses
    assert calls(log, "fetch") == 1
    text = log.read_bytes()
    assert b"remote-http" in text
    for place in (text, everything(tmp_path / "cache"), repr(source).encode()):
        assert PASSWORD.encode() not in place


def test_a_password_in_the_address_is_taken_out_of_it(tmp_path: Path) -> None:
    """`https://user:password@host` works; the password is in neither source nor cache."""
    origin(tmp_path / "srv/app", FILES)
    with git_server(tmp_path / "srv", "ci", "hunter22") as server:
        url = f"{server.url}/app/.git".replace("http://", "http://ci:hunter22@")
        source = read(Sources(tmp_path / "cache"), task(git_source(url)))
    assert source.url == f"{server.url}/app/.git"
    assert "hunter22" not in repr(source)
    assert b"hunter22" not in everything(tmp_path / "cache")


@pytest.mark.parametrize("credentials", [None, Credentials("ci", REF)])
def test_a_refused_login_is_unreachable_and_shows_no_password(
    tmp_path: Path, credentials: Credentials | None
) -> None:
    """Wrong or missing credentials say nothing about the source, ask nobody, and are not shown."""
    origin(tmp_path / "srv/app", FILES)
    with git_server(tmp_path / "srv", "ci", "another") as server:
        built = task(git_source(f"{server.url}/app/.git", credentials=credentials))
        seen = Sources(tmp_path / "cache").read([built], SECRETS)[built.address]
    assert isinstance(seen, Unreachable)
    assert "cannot read the git repository" in seen.why
    assert PASSWORD not in seen.why


def test_a_secret_that_could_not_be_read_is_named(tmp_path: Path) -> None:
    """Without its secret a source is not asked for at all, and the reference is named."""
    built = task(git_source("https://example.invalid/x", credentials=Credentials("ci", REF)))
    seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Unreachable)
    assert "environment variable TOKEN" in seen.why


def test_a_hung_remote_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and says nothing makes the source unreachable in time."""
    monkeypatch.setattr(mirror, "LISTING", 0.7)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        built = task(git_source(f"git://127.0.0.1:{silent.getsockname()[1]}/x"))
        seen = Sources(tmp_path / "cache").read([built], {})[built.address]
    assert isinstance(seen, Unreachable)
    assert "did not end in 0.7 s" in seen.why


@pytest.mark.parametrize("known_hosts", ["", "example.org ssh-ed25519 AAAA"])
def test_a_private_key_is_given_to_ssh_in_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_hosts: str
) -> None:
    """Ssh gets the key as a 0600 file that is gone afterwards, and checks hosts as it is told."""
    repository = origin(tmp_path / "app", FILES)
    (tmp_path / "bin").mkdir()
    ssh = tmp_path / "bin/ssh"
    ssh.write_text(
        f"""#!/bin/sh
printf '%s\\n' "$*" >> {tmp_path}/argv
while [ "$1" != -i ]; do shift; done
stat -c %a "$2" > {tmp_path}/mode
cat "$2" > {tmp_path}/key
while [ "$1" != git@example.org ]; do shift; done
shift
exec sh -c "$*"
"""
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(ssh.parent), prepend=os.pathsep)
    key = SshKey(REF, known_hosts)
    built = task(git_source(f"git@example.org:{repository.folder}", credentials=key))
    source = read(Sources(tmp_path / "cache"), built, {REF: Secret("PRIVATE\nKEY")})
    assert source.commit == repository.git("rev-parse", "HEAD")
    assert (tmp_path / "key").read_text() == "PRIVATE\nKEY\n"
    assert (tmp_path / "mode").read_text() == "600\n"
    argv = (tmp_path / "argv").read_text()
    assert "IdentitiesOnly=yes" in argv
    assert ("StrictHostKeyChecking=yes" in argv) is bool(known_hosts)
    assert ("UserKnownHostsFile=" in argv) is bool(known_hosts)
    file = Path(argv.split("-i ")[1].split()[0])
    assert not file.exists()
