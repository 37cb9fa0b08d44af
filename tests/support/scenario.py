"""A world of its own for each scenario: a project, ports, folders, and the engine around them."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import docker
import yaml
from support.eventual import eventually
from support.process import Result, Running, run
from support.repo import Repo

__all__ = ["Answer", "Repo", "Result", "Running", "World", "eventually", "free_port"]

ROOT = Path(__file__).parents[2]
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json"
)
DOCKERFILE = """FROM busybox
COPY index.html /www/
EXPOSE 8000
STOPSIGNAL SIGKILL
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
HEALTH = {"path": "/", "stableFor": "0s", "interval": "50ms"}
DEPLOY = {"drain": "5s"}


class Answer(NamedTuple):
    """What the gateway answered; status 0 with the error when nothing did."""

    status: int
    body: str


_GIVEN: set[int] = set()
_WORKERS = 8
_PORTS = range(20000, 32000)
"""Outside of what the kernel gives to clients."""


def free_port() -> int:
    """Return a loopback port that nobody uses, and that nobody else of this test run is given."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    own = _PORTS[worker::_WORKERS]
    while True:
        port = secrets.choice(own)
        if port in _GIVEN:
            continue
        _GIVEN.add(port)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class World:
    """One project on the shared engine. Whatever it makes is removed by `clean`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = f"sc-{secrets.token_hex(4)}"
        self.gateway_port = free_port()
        self.registry_port = free_port()
        self.specs = folder / "specs"
        self.specs.mkdir()
        self.state = folder / "state"
        self.cache = folder / "cache"
        self.environ = self._environ()
        address = self.environ.get("DOCKER_HOST") or None
        self.engine = docker.APIClient(base_url=address, version="auto", timeout=60)
        self.results: list[Result] = []
        self.started: list[Running] = []
        self.strangers: list[str] = []
        self.within: tuple[str, ...] = ()
        self._repo: Repo | None = None

    def _environ(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir()
        kept = ("PATH", "LANG", "DOCKER_HOST", "GIT_CONFIG_NOSYSTEM")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "HOME": str(home),
            "GITOPS_STATE": str(self.state),
            "GITOPS_CACHE": str(self.cache),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }

    # -- what the user has

    def repo(self) -> Repo:
        """Return the project's git repository; it holds nothing before the first commit."""
        self._repo = self._repo or Repo(self.folder / "git")
        return self._repo

    def spec(self, text: str, name: str = "registry.yaml") -> Path:
        """Write one spec file."""
        path = self.specs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def documents(self, *documents: Mapping[str, Any], name: str = "registry.yaml") -> Path:
        """Write documents, each given as (kind, name, spec), as one spec file."""
        whole = [{"apiVersion": "gitops/v1", **document} for document in documents]
        return self.spec(yaml.safe_dump_all(whole, sort_keys=False), name)

    def base(self) -> list[dict[str, Any]]:
        """Return the target and the managed registry of this world."""
        return [
            document("Target", "local", {"gateway": {"http": self.gateway_port}}),
            document(
                "Registry", "local", {"server": f"localhost:{self.registry_port}", "managed": {}}
            ),
        ]

    def story(self, name: str = "hello", **options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return repository, build task and app of one name; see `hello` for the options."""
        source = options.get("source") or {
            "git": {"url": self.repo().url, "ref": {"branch": "main"}}
        }
        app = {
            "image": {"repository": name},
            "health": {**HEALTH, **options.get("health", {})},
            "deploy": {**DEPLOY, **options.get("deploy", {})},
            **options.get("app", {}),
        }
        task = {"repository": name, "source": source, **options.get("task", {})}
        return [
            document("Repository", name, {"registry": "local"}),
            document("BuildTask", name, task),
            document("WebApp", name, app),
        ]

    def hello(self, **options: Mapping[str, Any]) -> Path:
        """Write the standard story: target, registry, and `hello` built from the repository.

        Options: `source`, and more fields for `health`, `deploy`, `app` and `task`. A first commit
        is made if there is none.
        """
        if "source" not in options and not (self.repo().work / "Dockerfile").exists():
            self.page("one")
        return self.documents(*self.base(), *self.story(**options))

    def page(self, text: str) -> str:
        """Commit an app that answers `text`; return the commit."""
        return self.repo().commit({"Dockerfile": DOCKERFILE, "index.html": f"{text}\n"}, text)

    @property
    def quick(self) -> dict[str, Any]:
        """The fields of an app that make its deployment fast."""
        return {"health": HEALTH, "deploy": DEPLOY}

    def document(self, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document, for `documents`."""
        return document(kind, name, spec)

    # -- what the user does

    def gitops(
        self,
        *arguments: str,
        ok: bool | None = True,
        env: Mapping[str, str] | None = None,
        specs: Path | None = None,
    ) -> Result:
        """Run a command on the specs. `ok` is what is expected of its exit code; none is open."""
        result = run(
            self._arguments(arguments, specs),
            {**self.environ, **(env or {})},
            self.folder,
            self.within,
        )
        self.results.append(result)
        if ok is not None:
            assert (result.code == 0) == ok, str(result)
        return result

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> Running:
        """Run a command in the background."""
        running = Running(
            self._arguments(arguments, None), {**self.environ, **(env or {})}, self.folder
        )
        self.started.append(running)
        return running

    def _arguments(self, arguments: tuple[str, ...], specs: Path | None) -> list[str]:
        return [*arguments, "-f", str(specs or self.specs), "--project", self.project]

    def ask(self, host: str = "hello.localhost", path: str = "/") -> Answer:
        """Ask the gateway as a user's browser does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, str(error))
        finally:
            connection.close()

    # -- what is there

    def containers(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return this project's containers as the engine lists them; `name` is the resource's."""
        labels = [f"gitops.project={self.project}"]
        labels += [f"gitops.name={name}"] if name is not None else []
        found = self.engine.containers(all=True, filters={"label": labels})
        return sorted(found, key=lambda one: str(one["Names"]))

    def container(self, kind: str, name: str) -> dict[str, Any]:
        """Return the one container of a resource."""
        found = [one for one in self.containers(name) if one["Labels"]["gitops.kind"] == kind]
        assert len(found) == 1, f"{kind}/{name} has {[one['Names'] for one in found]}"
        return found[0]

    def ids(self) -> dict[str, str]:
        """Return the id of each container of the project by its name."""
        return {one["Names"][0].lstrip("/"): one["Id"] for one in self.containers()}

    def registry_digest(self, repository: str = "hello", tag: str = "latest") -> str:
        """Return the digest that a tag has in the registry; empty when there is none."""
        path = f"/v2/{repository}/manifests/{tag}"
        try:
            return self._registry("HEAD", path).getheader("Docker-Content-Digest") or ""
        except (OSError, http.client.HTTPException):
            return ""

    def registry_answers(self) -> bool:
        """Say whether a registry listens on the world's registry port."""
        try:
            return self._registry("GET", "/v2/").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _registry(self, method: str, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.registry_port, timeout=10)
        try:
            connection.request(method, path, headers={"Accept": MANIFESTS})
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()


def document(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without its version."""
    return {"kind": kind, "metadata": {"name": name}, "spec": dict(spec)}
