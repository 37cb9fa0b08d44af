"""A Docker engine of a test's own, on a small disk, which the test may stop, start and fill."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import docker
from support.eventual import eventually
from support.scenario import Answer, World

IMAGES = ("busybox:latest", "haproxy:lts", "registry:2", "gitops-bench:latest")
ASK = """
import http.client, json, sys
port, host = int(sys.argv[1]), sys.argv[2]
try:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Host": host})
    response = connection.getresponse()
    print(json.dumps([response.status, response.read().decode(errors="replace")]))
except OSError as error:
    print(json.dumps([0, str(error)]))
"""


def why_not() -> str:
    """Return what is missing for an engine of one's own, or an empty string."""
    if os.geteuid() != 0:
        return "only root can start an engine of its own"
    missing = [name for name in ("dockerd", "unshare", "nsenter", "ip") if not shutil.which(name)]
    return f"{', '.join(missing)} not found" if missing else ""


class OwnEngine:
    """A `dockerd` with its data on a tmpfs, in a network namespace of its own.

    Without the namespace, two engines would write the same firewall rules; whatever wants to reach
    the ports that it publishes has to run `within` it.
    """

    def __init__(self, size: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gitops-dockerd-"))
        self.address = f"unix://{self.folder}/docker.sock"
        self._disk = self.folder / "disk"
        self._disk.mkdir()
        _do("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self._disk))
        self._network = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.within = ("nsenter", f"--net=/proc/{self._network.pid}/ns/net")
        eventually(self._has_network, what="a network namespace")
        _do(*self.within, "ip", "link", "set", "lo", "up")
        self._daemon: subprocess.Popen[bytes] | None = None
        self.client = docker.APIClient(base_url=self.address, version="1.40", timeout=60)
        self.start()

    def start(self) -> None:
        """Start the daemon, and wait until it answers."""
        disk = self._disk
        command = ["dockerd", "--host", self.address, "--data-root", str(disk / "data")]
        command += ["--exec-root", str(self.folder / "exec")]
        command += ["--pidfile", str(self.folder / "docker.pid")]
        with (self.folder / "dockerd.log").open("ab") as log:
            self._daemon = subprocess.Popen([*self.within, *command], stdout=log, stderr=log)
        eventually(self._answers, timeout=60, what="dockerd answers")

    def stop(self) -> None:
        """Stop the daemon and every container that it runs."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(60)
            self._daemon = None

    def load(self) -> None:
        """Copy the images that a scenario needs from the shared engine."""
        save = subprocess.Popen(["docker", "save", *IMAGES], stdout=subprocess.PIPE)
        environ = {**os.environ, "DOCKER_HOST": self.address}
        subprocess.run(
            ["docker", "load", "--quiet"], stdin=save.stdout, env=environ, check=True, timeout=60
        )
        if save.stdout is not None:
            save.stdout.close()
        assert save.wait() == 0

    def resize(self, size: str) -> None:
        """Give the disk another size."""
        _do("mount", "-o", f"remount,size={size}", str(self._disk))

    def close(self) -> None:
        """Stop it and take everything away."""
        self.client.close()
        self.stop()
        self._network.kill()
        self._network.wait()
        _do("umount", "--recursive", str(self._disk))
        shutil.rmtree(self.folder, ignore_errors=True)

    def world(self, folder: Path) -> World:
        """Return a world on this engine, which needs no cleaning."""
        made = World(folder)
        made.engine.close()
        made.engine = self.client
        made.environ["DOCKER_HOST"] = self.address
        made.within = self.within
        return made

    def ask(self, world: World, host: str = "hello.localhost") -> Answer:
        """Ask the gateway of a world on this engine."""
        command = [*self.within, sys.executable, "-c", ASK, str(world.gateway_port), host]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        return Answer(*json.loads(done.stdout))

    def _has_network(self) -> bool:
        mine, other = Path("/proc/self/ns/net"), Path(f"/proc/{self._network.pid}/ns/net")
        return mine.readlink() != other.readlink()

    def _answers(self) -> bool:
        # Not by the client: it leaves the socket of a call that failed to the garbage collector.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(self.address.removeprefix("unix://"))
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(1000)
            except OSError:
                return False


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
