"""Four replicas replaced by a new version, against `docker service update` of as many."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import docker
import specs
import swarm
from figures import Section, against
from support.own_engine import why_not
from turns import Side, in_turns, timed
from workspace import Workspace, free_port

TITLE = "Redeploy"
REPLICAS = 4
INTERVAL = "500ms"
STABLE = "500ms"
HEALTH = ["--health-interval", INTERVAL, "--health-timeout", "5s", "--health-retries", "3"]
GONE = 30.0
"""Seconds that containers of the version before may take to end, outside of the time."""
SAME_NOTE = (
    "Both: one at a time, the new one first, the image there, another variable. Probes every"
    f" {INTERVAL}; `stableFor` and `--update-monitor` {STABLE}. gitops has each new replica be well"
    f" for {STABLE} before it takes the next; Swarm takes the next as soon as one is healthy, and"
    f" stays on watch for {STABLE} at the end."
)
PROBE_NOTE = (
    "gitops probes through its gateway and switches routes. Swarm's probe is a command that the"
    " engine runs in each container (HEALTHCHECK), for which it waits one interval first; its"
    " service has no port and no route. Both are on one engine all the time."
)


class Replicas(NamedTuple):
    """The containers of one side, by a label that they all carry."""

    engine: docker.APIClient
    label: str

    def prove(self, version: str) -> None:
        """Raise unless all run that version; wait until those before have ended."""
        new = [one for one in self._versions() if one == version]
        if len(new) != REPLICAS:
            raise RuntimeError(f"{len(new)} replicas of {self.label} run {version}")
        deadline = time.monotonic() + GONE
        while len(found := self._versions()) != REPLICAS:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.label} still runs {found}")
            time.sleep(0.2)

    def _versions(self) -> list[str]:
        found = self.engine.containers(filters={"label": self.label})
        return [self._version(one["Id"]) for one in found]

    def _version(self, container: str) -> str:
        try:
            env = self.engine.inspect_container(container)["Config"]["Env"]
        except docker.errors.NotFound:  # it ended meanwhile
            return ""
        return next(str(one).partition("=")[2] for one in env if str(one).startswith("VERSION="))


def measure(space: Workspace) -> Section:
    """Return the figure."""
    if missing := why_not():
        return Section(TITLE, [], [f"Left out: {missing}."])
    with _sides(space) as sides:
        found = in_turns(sides)
    other = ("docker service update", found["swarm"])
    row = against(f"{REPLICAS} replicas", found["gitops"], other, None)
    return Section(TITLE, [row], [SAME_NOTE, PROBE_NOTE])


@contextmanager
def _sides(space: Workspace) -> Iterator[dict[str, Side]]:
    """Give both sides, on an engine of their own: nobody's engine is made a Swarm."""
    with swarm.engine(space) as (engine, there):
        port, file = free_port(), there.folder / "redeploy.gitops.yaml"
        command = [*engine.within, there.gitops, "reconcile", "--file", str(file)]
        ours = Replicas(engine.client, "gitops.kind=WebApp")
        theirs = Replicas(engine.client, f"com.docker.swarm.service.name={swarm.SERVICE}")

        def gitops(number: int) -> float:
            _write(file, port, f"v{number}")
            seconds = timed(lambda: there.run([*command, "--project", "redeploy"]))(number)
            ours.prove(f"v{number}")
            return seconds

        def service(number: int) -> float:
            seconds = timed(lambda: swarm.update(there, f"v{number}"))(number)
            theirs.prove(f"v{number}")
            return seconds

        gitops(-1)
        swarm.start(there, REPLICAS, [*HEALTH, "--update-monitor", STABLE])
        yield {"gitops": gitops, "swarm": service}


def _write(file: Path, port: int, version: str) -> None:
    app = (
        f"{{image: {{name: gitops-bench, tag: latest}}, replicas: {REPLICAS},"
        f" env: {{VERSION: {version}}},"
        f" health: {{path: /healthz, interval: {INTERVAL}, stableFor: {STABLE}}},"
        " deploy: {drain: 0s, stop: 1s}}"
    )
    file.write_text("---\n".join((specs.target(port), specs.document("WebApp", "web", app))))
