"""Obligation: a secret reaches whom it is for, and appears nowhere else."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from drivers.git_server import git_server
from support.hunt import ProcessList, environment, forms, leaks
from support.scenario import DOCKERFILE, World, eventually

pytestmark = pytest.mark.scenario

USER = "ci"
REGISTRY = "R3g/+pass&word-7f3a9c"
# `htpasswd -Bbn ci 'R3g/+pass&word-7f3a9c'`
HTPASSWD = f"{USER}:$2y$05$4ujas7ofztGF3pcAxFBUU.iqTET1rR9GRWNek5RmUO43hwoGDRoR.\n"
GIT = "G1t pass:w/+rd&-51d0"
TOKEN = "T0ken=with\"quotes'-88ab"
PHRASE = "F1le-secret-of-the-app-c4e2"
KEY_LINE = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY_LINE}\n-----END OPENSSH PRIVATE KEY-----\n"
VALUES = {"registry": REGISTRY, "git": GIT, "env": TOKEN, "file": PHRASE, "key": KEY_LINE}
SPELLINGS = forms(VALUES, (USER,))
ENVIRON = {"GIT_PASSWORD": GIT, "REGISTRY_PASSWORD": REGISTRY, "API_TOKEN": TOKEN}

SSH = """#!/bin/sh
# A server on this machine: what git wants to run there is run here.
while [ "$1" != git@example.org ]; do shift; done
shift
exec sh -c "$*"
"""


@contextmanager
def guarded_registry(world: World) -> Iterator[None]:
    """Run a real registry that takes one user and password."""
    variables = {
        "REGISTRY_AUTH": "htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM": "test",
        "REGISTRY_AUTH_HTPASSWD_PATH": "/htpasswd",
    }
    engine = world.engine
    bound = engine.create_host_config(port_bindings={5000: ("127.0.0.1", world.registry_port)})
    made = engine.create_container(
        "registry:2", environment=variables, ports=[5000], host_config=bound
    )
    try:
        engine.put_archive(made["Id"], "/", _tar("htpasswd", HTPASSWD))
        engine.start(made["Id"])
        eventually(lambda: b"listening on" in engine.logs(made["Id"]))
        yield
    finally:
        engine.remove_container(made["Id"], force=True, v=True)


def _tar(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def guarded(world: World) -> Iterator[World]:
    """Give a world with a git server, an ssh server and a registry that all want a login."""
    world.page("one")
    (world.folder / "bin").mkdir()
    ssh = world.folder / "bin/ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    (world.folder / "tmp").mkdir()
    (world.specs / "deploy.key").write_text(KEY)
    (world.specs / "phrase.txt").write_text(PHRASE)
    world.environ["PATH"] = f"{ssh.parent}{os.pathsep}{world.environ['PATH']}"
    world.environ["TMPDIR"] = str(world.folder / "tmp")
    world.environ.update(ENVIRON)
    with git_server(world.repo().bare.parent, USER, GIT) as server, guarded_registry(world):
        write_specs(world, f"{server.url}/origin.git")
        yield world


def write_specs(world: World, url: str, command: list[str] | None = None) -> None:
    """Write an app that is built from https, and an image that is built from ssh."""
    password = {"username": USER, "password": {"env": "GIT_PASSWORD"}}
    https = {"git": {"url": url, "ref": {"branch": "main"}, "credentials": password}}
    address = f"git@example.org:{world.repo().bare}"
    key = {"sshKey": {"file": "deploy.key"}}
    ssh = {"git": {"url": address, "ref": {"branch": "main"}, "credentials": key}}
    env = {"API_TOKEN": {"env": "API_TOKEN"}, "PHRASE": {"file": "phrase.txt"}, "PLAIN": "seen"}
    app = {"env": env, **({"command": command} if command else {})}
    login = {"username": USER, "password": {"env": "REGISTRY_PASSWORD"}}
    server = {"server": f"localhost:{world.registry_port}", "credentials": login}
    world.documents(
        world.document("Target", "local", {"gateway": {"http": world.gateway_port}}),
        world.document("Registry", "local", server),
        *world.story(source=https, app=app),
        world.document("Repository", "other", {"registry": "local"}),
        world.document("BuildTask", "other", {"repository": "other", "source": ssh}),
    )


def look_everywhere(world: World) -> None:
    """Let every command that tells of the past or the present say what it has to say."""
    world.gitops("status", ok=None)
    world.gitops("status", "-o", "json", ok=None)
    world.gitops("plan", ok=None)
    world.gitops("plan", "-o", "yaml", ok=None)
    world.gitops("events", "-o", "json")
    world.gitops("logs", "BuildTask/hello", "--tail", "1000", ok=None)
    for run in json.loads(world.gitops("runs", "-o", "json").out):
        world.gitops("runs", run["id"], "-o", "json")
        world.gitops("logs", run["id"], "--tail", "1000")


def holders(world: World) -> tuple[Path, ...]:
    """Return the files that hold a secret by right."""
    return (world.specs / "deploy.key", world.specs / "phrase.txt")


def test_secrets_are_nowhere(guarded: World) -> None:
    """Logins of git and registries, and an app's secrets, are used and are found nowhere."""
    world = guarded
    with ProcessList() as processes:
        world.gitops("plan", "-o", "json", "--out", str(world.folder / "plan.json"))
        world.gitops("reconcile", "-v", "--plan", str(world.folder / "plan.json"))
        world.page("two")
        world.gitops("reconcile", "-o", "json")
        look_everywhere(world)
    assert world.ask() == (200, "two\n")
    variables = environment(world, "hello")
    assert (variables["API_TOKEN"], variables["PHRASE"]) == (TOKEN, PHRASE)
    assert variables["PLAIN"] == "seen"
    assert "API_TOKEN" in (world.folder / "plan.json").read_text(), "references are shown"
    assert leaks(world, SPELLINGS, but=holders(world)) == []
    lines = b"\n".join(processes.seen)
    assert b"ls-remote" in lines, "the process list was read while git ran"
    assert [secret for secret, spelling in SPELLINGS.items() if spelling in lines] == []


def test_secrets_are_nowhere_when_things_fail(guarded: World) -> None:
    """An app that prints its secrets and dies, and logins that are refused, give nothing away."""
    world = guarded
    world.gitops("reconcile")
    url = next(
        line.split()[-1]
        for line in (world.specs / "registry.yaml").read_text().splitlines()
        if "/origin.git" in line and "http" in line
    )
    tell = 'echo "token $API_TOKEN phrase $PHRASE"; echo "$API_TOKEN" | base64; exit 9'
    write_specs(world, url, ["sh", "-c", tell])
    with ProcessList() as processes:
        failed = world.gitops("reconcile", "-v", ok=False)
        assert "exit code: 9" in failed.text
        assert "token ***" in failed.text
        write_specs(world, url)
        world.repo().commit({"Dockerfile": DOCKERFILE + "RUN exit 3\n"})
        world.gitops("reconcile", "-v", ok=False)
        world.repo().commit({"Dockerfile": DOCKERFILE, "index.html": "two\n"})
        shutil.rmtree(world.cache)
        for wrong in ("GIT_PASSWORD", "REGISTRY_PASSWORD"):
            refused = world.gitops("reconcile", ok=False, env={wrong: f"{ENVIRON[wrong]}-wrong"})
            assert refused.code == 1
            assert world.ask() == (200, "one\n")
        look_everywhere(world)
        world.gitops("logs", "WebApp/hello")
    assert leaks(world, SPELLINGS, but=holders(world)) == []
    lines = b"\n".join(processes.seen)
    assert [secret for secret, spelling in SPELLINGS.items() if spelling in lines] == []
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")
