"""Shows an example as its README does, in a world of its own: other ports, shorter waits."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple

from support.process import Result, run
from support.scenario import ROOT, World, free_port

_TARGET = """apiVersion: gitops/v1
kind: Target
metadata: {name: local}
spec:
  gateway: {http: 8080}
"""


class Page(NamedTuple):
    """What the gateway answered."""

    status: int
    data: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> str:
        """The answer as text."""
        return self.data.decode(errors="replace")


class Asking(NamedTuple):
    """How something is asked for; `trusting` is the authority (PEM) of HTTPS, empty for HTTP."""

    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    trusting: str = ""


GET = Asking()


class Shown:
    """An example that was copied into the specs of a world, and runs."""

    def __init__(
        self, world: World, name: str, *options: str, instead: Mapping[str, str] = {}
    ) -> None:
        """Run it; `instead` has other words for some of its spec, which only one world can have."""
        self.world = world
        self.options = options
        self.instead = instead
        self.https_port = free_port()
        shutil.copytree(ROOT / "examples" / name, world.specs, dirs_exist_ok=True)
        self.file = next(world.specs.glob("registry.yaml*"))
        if "kind: Target" not in self.file.read_text():
            (world.specs / "target.yaml").write_text(_TARGET)
        for file in world.specs.glob("*.yaml*"):
            file.write_text(self._fitted(file.read_text()))
        for file in world.specs.rglob("Dockerfile"):
            registry = f"localhost:{world.registry_port}"
            file.write_text(file.read_text().replace("localhost:5000", registry))
        self.reconcile()
        self.settled()

    def _fitted(self, text: str) -> str:
        """Return a spec with the ports of this world, that waits for no more than is needed."""
        text = re.sub(r"\b8080\b", str(self.world.gateway_port), text)
        text = re.sub(r"\b8443\b", str(self.https_port), text)
        text = text.replace("localhost:5000", f"localhost:{self.world.registry_port}")
        for old, new in self.instead.items():
            text = text.replace(old, new)
        text = re.sub(r"stableFor: [1-9]s}", "stableFor: 0s, interval: 50ms}", text)
        return re.sub(r"stableFor: [1-9]s\n", "stableFor: 0s\n", text)

    def edit(self, old: str, new: str, file: str = "") -> None:
        """Change one place of the spec, or of another file, as a person with an editor would."""
        path = self.world.specs / file if file else self.file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times in {path}"
        path.write_text(text.replace(old, new))

    def reconcile(self, *, ok: bool = True) -> Result:
        """Run `gitops reconcile` as the README says."""
        return self.world.gitops("reconcile", *self.options, ok=ok)

    def settled(self) -> None:
        """Check that another run finds nothing to do."""
        said = self.reconcile().out
        assert re.findall(r"^Plan for \S+: (\d+) steps?\b", said, re.MULTILINE) == ["0"], said

    def changed(self) -> None:
        """Reconcile a change, and check that it is settled then."""
        self.reconcile()
        self.settled()

    def inside(self, app: str, command: str) -> str:
        """Return what a shell command says in an app's container, by `gitops exec`."""
        specs = ["-f", str(self.world.specs), "--project", self.world.project, *self.options]
        words = ["exec", f"WebApp/{app}", *specs, "--", "sh", "-c", command]
        done = run(words, self.world.environ, self.world.folder)
        assert done.code == 0, str(done)
        return done.out

    def running(self, app: str) -> set[str]:
        """Return the ids of an app's containers, all of which have to run."""
        found = self.world.containers(app)
        assert {one["State"] for one in found} == {"running"}, found
        return {one["Id"] for one in found}

    def text(self, host: str, path: str = "/") -> str:
        """Return what is answered with status 200."""
        page = self.ask(host, path)
        assert page.status == 200, page
        return page.body.strip()

    def ask(self, host: str, path: str = "/", asking: Asking = GET) -> Page:
        """Ask the gateway for a page, without following redirects."""
        connection = self._connection(host, asking.trusting)
        try:
            headers = {"Host": host, **asking.headers}
            connection.request(asking.method, path, asking.body, headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Page(answer.status, answer.read(), told)
        finally:
            connection.close()

    def _connection(self, host: str, trusting: str) -> http.client.HTTPConnection:
        made = http.client.HTTPConnection("127.0.0.1", self.world.gateway_port, timeout=10)
        if trusting:
            # By name: the certificate is the host's, and the address is this machine's.
            plain = socket.create_connection(("127.0.0.1", self.https_port), timeout=10)
            context = ssl.create_default_context(cadata=trusting)
            made.sock = context.wrap_socket(plain, server_hostname=host)
        return made
