"""The application that scenarios deploy (scripts/testapp makes its image), and its bad versions.

What its environment can tell it to do stands at the top of `app/app.c`, its pages in `app/pages.c`.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

import docker
from support.eventual import eventually
from support.scenario import Answer, free_port
from support.storm_report import Aim

IMAGE = "gitops-bench:latest"
PROGRAM = "bench-app"


def dockerfile(version: str = "one", **environ: object) -> str:
    """Return a Dockerfile of a version: the application with this environment, on port 8000."""
    values = {"VERSION": version, **environ}
    lines = [f'ENV {name}="{value}"' for name, value in values.items()]
    return "\n".join([f"FROM {IMAGE}", *lines, ""])


def fetch_program(engine: docker.APIClient, folder: Path) -> Path:
    """Copy the program out of its image into a folder; it needs no library. Return its path."""
    made = engine.create_container(IMAGE, ["true"])["Id"]
    try:
        parts, _ = engine.get_archive(made, f"/bin/{PROGRAM}")
        with tarfile.open(fileobj=io.BytesIO(b"".join(parts))) as archive:
            found = archive.extractfile(PROGRAM)
            assert found is not None
            program = folder / PROGRAM
            program.write_bytes(found.read())
    finally:
        engine.remove_container(made, force=True)
    program.chmod(0o755)
    return program


class BenchApp:
    """The application as a plain process of this machine; `said` is what it said so far."""

    def __init__(
        self, program: Path, environ: Mapping[str, object], *, listens: bool = True
    ) -> None:
        self.port = free_port()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [program],
            env={"PORT": str(self.port), **{name: str(value) for name, value in environ.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        if listens:
            self.wait_line()

    @property
    def aim(self) -> Aim:
        """Where its clients ask."""
        return Aim(self.port, os.uname().nodename)

    def wait_line(self) -> str:
        """Return the next line that it says."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        self.said += line
        return line

    def ask(self, path: str = "/", method: str = "GET", body: bytes | None = None) -> Answer:
        """Ask it, with a connection of its own; a connection that fails raises OSError."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()

    def accepts(self) -> bool:
        """Say whether it takes connections."""
        try:
            self.ask("/healthz")
        except OSError:
            return False
        return True

    def ended(self, timeout: float = 10.0) -> int:
        """Return its exit code when it has ended."""
        eventually(lambda: self.process.poll() is not None, timeout, "the application ends")
        self.said += self.process.stdout.read() if self.process.stdout else ""
        self._close()
        return self.process.returncode

    def stop(self) -> None:
        """End it if it runs."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
