"""What every measurement works in: a folder, names, ports and commands of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import docker
from docker.errors import APIError

SOURCES = Path(__file__).parents[1]
PATIENCE = 900.0
"""Seconds after which a command that a measurement runs is given up."""


class Workspace(NamedTuple):
    """A folder for one run of the benchmarks; `env` is the environment of all its commands."""

    folder: Path
    env: Mapping[str, str]

    @property
    def gitops(self) -> str:
        """The program that is measured, as it is installed beside this interpreter."""
        return str(Path(sys.executable).with_name("gitops"))

    def name(self, stem: str) -> str:
        """Return a name for a project that no other run of the benchmarks uses."""
        return f"bench{os.getpid()}-{stem}"

    def write(self, name: str, text: str) -> Path:
        """Write a file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, command: Sequence[str], patience: float = PATIENCE) -> str:
        """Run a command to its end; return its output, raise with it if it failed."""
        done = subprocess.run(
            command,
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
        if done.returncode:
            told = (done.stdout + done.stderr)[-2000:]
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{told}")
        return done.stdout

    @contextmanager
    def running(self, command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Give a command that runs; it is ended when the block is left. `log` gets its output."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=self.env, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Give a workspace in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="gitops-bench-"))
    # An installed package has its bytecode beside it; without this a checkout would be compiled
    # anew by every command where the first is set. The second is for the benchmarks themselves.
    ours = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if key not in ours}
    state = {"GITOPS_STATE": str(folder / "state"), "GITOPS_CACHE": str(folder / "cache")}
    try:
        yield Workspace(folder, {**kept, **state, "DOCKER_BUILDKIT": "1"})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def remove_labelled(label: str) -> None:
    """Remove every container, network and volume that carries `label`, four at a time."""
    client = docker.from_env(timeout=300)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
            list(pool.map(lambda one: one.remove(force=True, v=True), found))
        for network in client.networks.list(filters={"label": label}):
            try:
                network.remove()
            except APIError as error:  # the engine can leak the endpoint of a container under load
                print(f"network {network.name} is left: {error.explanation}", file=sys.stderr)
        for volume in client.volumes.list(filters={"label": label}):
            volume.remove(force=True)
    finally:
        client.close()


def remove_images(prefix: str) -> None:
    """Remove every image whose name begins with `prefix`."""
    client = docker.from_env(timeout=300)
    try:
        for image in client.images.list():
            for tag in image.tags:
                if tag.startswith(prefix):
                    client.images.remove(tag, force=True)
    finally:
        client.close()
