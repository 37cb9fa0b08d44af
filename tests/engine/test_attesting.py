"""An image gets its exact name only once the documents that its task asks for belong to it."""

from __future__ import annotations

import json
from threading import Event
from typing import Any, cast

from support.fake_memory import FakeMemory
from support.fakes import FakeLeases, ScriptedEngine, world_of
from support.planning import bundle_of
from support.steps import EMPTY, INPUTS

from gitops.drivers.base import DriverError, ErrorKind, Output
from gitops.engine.board import Board
from gitops.engine.builds.attesting import Making, attested
from gitops.engine.builds.building import push
from gitops.engine.builds.records import BuildRuns, Registrar
from gitops.engine.deploys.addresses import Addresses
from gitops.engine.scene import Desk, Scene
from gitops.model.actions import Push
from gitops.model.image import ImageRef
from gitops.model.lease import Lease
from gitops.model.observed import EngineSnapshot
from gitops.model.outcomes import Done, Outcome, Retry
from gitops.model.resources import Attest
from gitops.model.sources import Source
from gitops.model.task_snapshots import BuildSnapshot
from gitops.model.wanted import WantedImage

DIGEST = f"sha256:{'d' * 64}"
SPECS = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
---
kind: Repository
metadata: {name: shop}
spec: {registry: local}
---
kind: BuildTask
metadata: {name: shop}
spec:
  repository: shop
  source: {git: {url: "https://git.example.com/shop.git", ref: {branch: main}}}
  args: {WORD: hello}
"""


class Workplace(ScriptedEngine):
    """An engine, a registry and an attester in one: what was done, in order."""

    def __init__(self, why: str = "") -> None:
        super().__init__()
        self.done: list[str] = []
        self.statement: dict[str, Any] = {}
        self._why = why

    def push(self, image: ImageRef, _output: Output) -> str:
        """Push under a tag."""
        self.done.append(f"push {image.tag}")
        return DIGEST

    def retag(self, image: ImageRef, tag: str) -> None:
        """Give a digest a tag."""
        self.done.append(f"tag {tag} {image.digest}")

    def provenance(self, image: ImageRef, statement: bytes) -> None:
        """Take a statement."""
        self.statement = json.loads(statement)
        self.done.append(f"provenance {image.digest}")

    def sbom(self, image: ImageRef, _date: float) -> None:
        """Take a list of packages, or fail."""
        if self._why:
            raise DriverError(ErrorKind.FAILED, "the packages could not be listed", self._why)
        self.done.append(f"sbom {image.digest}")


def discard(_line: str) -> None:
    """Take a line that nobody reads."""


BASES = {"busybox": f"sha256:{'b' * 64}"}
"""What a step of the run has built on."""


def snapshot_with(attest: Attest, pull: str = "") -> BuildSnapshot:
    """Return what the shop's image is made from."""
    (task,) = bundle_of(SPECS).tasks
    image = WantedImage(
        task.address,
        ImageRef("localhost:5000/shop", "gitops-1"),
        ("latest",), "1", "c" * 40, "local", task.args, {}, 100, task.repository, 60.0, pull=pull,
    )  # fmt: skip
    return BuildSnapshot(image, task._replace(attest=attest), Source("t1", "d", task.source.url))  # type: ignore[union-attr]


def pushed(place: Workplace, attest: Attest) -> tuple[Outcome, FakeMemory]:
    """Push the image of a run that asks for documents."""
    memory, snapshot = FakeMemory(), snapshot_with(attest)
    made = world_of(place, FakeLeases(), EngineSnapshot((), {}, frozenset()))
    site = made.sites["local"]._replace(attester=lambda: place)
    world = made._replace(sites={"local": site}, registries=cast("Any", place))
    lease = Lease("1", "ada", "host", "7:1", "test")
    registrar = Registrar(memory.task_runs, world.queue, world.clock, lease, "shop", str)
    scene = Scene("shop", EMPTY, INPUTS, world, {}, Board(Addresses(float)), BuildRuns(registrar))
    if attested(snapshot):
        scene.runs.made(Making("r1", snapshot, 5.0, 9.0, BASES))
    outcome = push(scene, Push("local", snapshot.image.ref), Desk(discard, discard, Event()))
    return outcome, memory


def test_the_exact_name_comes_last() -> None:
    """Push, documents, name: whoever sees the name finds the documents, by the same digest."""
    place = Workplace()
    outcome, _ = pushed(place, Attest(provenance=True, sbom=True))
    assert outcome == Done(DIGEST)
    assert place.done == [
        "push gitops-1-unattested",
        f"provenance {DIGEST}",
        f"sbom {DIGEST}",
        f"tag gitops-1 {DIGEST}",
    ]
    chosen = place.statement["predicate"]["buildDefinition"]["externalParameters"]
    assert (chosen["args"], chosen["tree"], chosen["commit"]) == ({"WORD": "hello"}, "t1", "c" * 40)
    found = place.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"sha256": "b" * 64} in [one["digest"] for one in found]


def test_what_cannot_be_attached_is_tried_again() -> None:
    """A document that cannot be attached fails the push, and the image gets no exact name."""
    place = Workplace("no space")
    outcome, _ = pushed(place, Attest(provenance=True, sbom=True))
    assert outcome == Retry("the packages could not be listed", "no space")
    assert not [one for one in place.done if one.startswith("tag")]


def test_only_what_is_asked_for() -> None:
    """A task gets the document that it asks for; without any, the image is pushed by its name."""
    place = Workplace()
    pushed(place, Attest(provenance=True))
    assert not [one for one in place.done if one.startswith("sbom")]
    place = Workplace()
    pushed(place, Attest())
    assert place.done == ["push gitops-1"]


def test_a_pull_request_gets_none() -> None:
    """What strangers wrote is attested by nobody."""
    assert not attested(snapshot_with(Attest(provenance=True), pull="7"))
    assert attested(snapshot_with(Attest(provenance=True)))
