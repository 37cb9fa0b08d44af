"""What hypothesis draws for the planner: sets of specs, what happens to a world, and orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st
from support.model_engine import PROJECT, File, ModelEngine, digest_of
from support.model_world import ModelWorld
from support.planning import Wish, bundle_from, source_of

from gitops.model.address import Address
from gitops.model.observed import (
    LABEL_KIND,
    LABEL_NAME,
    LABEL_PROJECT,
    LABEL_SIDECAR,
    ObservedContainer,
)
from gitops.model.plan import Step

NAMES = ("api", "db", "shop", "web")
SLOT = "next"
LATEST = "localhost:5000/built:latest"


class Size(NamedTuple):
    """How many replicas an app has, and how they are replaced."""

    replicas: int = 1
    parallelism: int = 1
    away: int = 0


class Slot(NamedTuple):
    """A slot of an app: the version that runs there, and whether it serves for production."""

    version: int
    replicas: int
    active: bool


class App(NamedTuple):
    """An app of a drawn set of specs; `needs` says that it depends on the one before it."""

    name: str
    image: str
    version: int
    host: int
    volume: bool
    order: str
    needs: bool
    size: Size = Size()
    sidecars: int = 0
    slot: Slot | None = None

    @property
    def stops_first(self) -> bool:
        """Say whether an old container stops before the new one starts."""
        return self.order == "stopFirst" or (self.volume and self.order != "startFirst")

    @property
    def places(self) -> Mapping[str, int]:
        """The replicas of each place, by the name that its routes have."""
        own = {self.name: self.size.replicas}
        return {**own, f"{self.name}-{SLOT}": self.slot.replicas} if self.slot else own

    def least(self, replicas: int, before: int) -> int:
        """Return how many of `replicas` have to serve where `before` did."""
        if self.stops_first:
            # Of one there is none while it is replaced, of several one less at least; what
            # changes places stops at once.
            return 0 if self.slot else min(before, replicas) - max(self.size.away, 1)
        return min(before, replicas) - self.size.away


class Specs(NamedTuple):
    """A drawn set of specs: apps, and the tree of a build task and of one without an image."""

    apps: tuple[App, ...]
    tree: str

    def wish(self) -> Wish:
        """Return what the specs want."""
        names = [app.name for app in self.apps]
        documents = [
            {
                "kind": "Registry",
                "metadata": {"name": "local"},
                "spec": {"server": "localhost:5000", "managed": {}},
            },
            {"kind": "Repository", "metadata": {"name": "built"}, "spec": {"registry": "local"}},
            {
                "kind": "BuildTask",
                "metadata": {"name": "built"},
                "spec": {"repository": "built", "source": {"path": "app"}},
            },
            {
                "kind": "BuildTask",
                "metadata": {"name": "job"},
                "spec": {"source": {"path": "app"}, "taskFile": "job.yaml"},
            },
            *(_document(app, names[: names.index(app.name)]) for app in self.apps),
        ]
        tasks = (Address("BuildTask", "built"), Address("BuildTask", "job"))
        sources = {task: source_of(self.tree) for task in tasks}
        return Wish(bundle_from(documents), sources)


def _document(app: App, before: list[str]) -> dict[str, object]:
    image = {"repository": "built"} if app.image == "built" else {"name": app.image}
    spec: dict[str, object] = {
        "image": image,
        "env": {"VERSION": str(app.version)},
        "hosts": [f"{app.name}-{app.host}.localhost"],
    }
    if app.volume:
        spec["volumes"] = [{"name": app.name, "mount": "/data"}]
    replicas, parallelism, away = app.size
    deploy = {"parallelism": parallelism, "maxUnavailable": away}
    spec["deploy"] = {**deploy, "order": app.order} if app.order else deploy
    spec["replicas"] = replicas
    if app.sidecars:
        spec["sidecars"] = [
            {"name": f"s{number}", "image": {"name": "helper"}} for number in range(app.sidecars)
        ]
    if app.slot:
        env = {"VERSION": str(app.slot.version)}
        spec["slots"] = [{"name": SLOT, "env": env, "replicas": app.slot.replicas}]
        spec |= {"activeSlot": SLOT} if app.slot.active else {}
    if app.needs and before:
        spec["dependsOn"] = [f"WebApp/{before[-1]}"]
    return {"kind": "WebApp", "metadata": {"name": app.name}, "spec": spec}


def apps(name: str) -> st.SearchStrategy[App]:
    """Draw an app of this name. Whether it has a volume does not change: a volume stays, and has
    one writer.
    """
    size = st.builds(Size, st.integers(0, 4), st.integers(1, 2), st.integers(0, 1))
    slot = st.builds(Slot, st.integers(1, 2), st.integers(0, 2), st.booleans())
    return st.builds(
        App,
        name=st.just(name),
        image=st.sampled_from(["built", "nginx"]) if name != "api" else st.just("worker"),
        version=st.integers(1, 2),
        host=st.integers(1, 2),
        volume=st.just(name == "db"),
        order=st.sampled_from(["", "", "startFirst", "stopFirst"]),
        needs=st.booleans(),
        size=size if name != "db" else st.just(Size()),
        sidecars=st.sampled_from([0, 0, 1, 2]) if name == "web" else st.just(0),
        slot=st.none() | slot if name == "shop" else st.none(),
    )


def specs() -> st.SearchStrategy[Specs]:
    """Draw a set of specs with one app at least: an end of all of them would be refused."""
    some = st.sets(st.sampled_from(NAMES), min_size=1).map(sorted)
    drawn = some.flatmap(lambda names: st.tuples(*(apps(name) for name in names)))
    return st.builds(Specs, drawn, st.sampled_from(["t1", "t2"]))


def orders() -> st.SearchStrategy[Callable[[list[Step]], Step]]:
    """Draw an order in which steps that may begin at once begin."""
    return st.randoms(use_true_random=False).map(lambda random: random.choice)


DRIFT = (
    "app removed",
    "app stopped",
    "app paused",
    "app sick",
    "sidecar stopped",
    "sidecar removed",
    "gateway removed",
    "gateway stopped",
    "gateway file changed",
    "gateway file behind",
    "registry removed",
    "registry emptied",
    "latest moved",
    "latest gone",
    "strangers",
)


def drifts() -> st.SearchStrategy[list[tuple[str, int]]]:
    """Draw what happens behind our back, each with the number of whom it happens to."""
    return st.lists(st.tuples(st.sampled_from(DRIFT), st.integers(0, 3)), max_size=4)


def happen(world: ModelWorld, drift: list[tuple[str, int]]) -> None:
    """Let it happen."""
    engine = world.engines["local"]
    for what, number in drift:
        subject, _, change = what.partition(" ")
        if what == "strangers":
            _strangers(world, engine, number)
        elif subject == "latest":
            world.tags.pop(LATEST, None)
            if change == "moved" and world.tags:
                world.tags[LATEST] = digest_of("stranger")
        elif change.startswith("file"):
            for name, file in engine.files.items():
                behind = change == "file behind"
                engine.files[name] = file._replace(revision="x") if behind else File(None, "")
        else:
            _strike(world, engine, subject, change, number)


def _strike(world: ModelWorld, engine: ModelEngine, subject: str, change: str, number: int) -> None:
    kind = {"gateway": "Target", "registry": "Registry"}.get(subject, "WebApp")
    mine = [one for one in engine.containers.values() if one.labels.get(LABEL_KIND) == kind]
    mine = [one for one in mine if one.labels.get(LABEL_PROJECT) == PROJECT]
    mine = [one for one in mine if (LABEL_SIDECAR in one.labels) == (subject == "sidecar")]
    if not mine:
        return
    struck = mine[number % len(mine)]
    if change == "sick":
        engine.down[struck.name] = "HTTP status 500"
        return
    if change in ("stopped", "paused"):
        state = "exited" if change == "stopped" else "paused"
        engine.containers[struck.name] = struck._replace(state=state)
        return
    engine.forget(struck.name)
    if change == "emptied":
        engine.volumes.discard(f"{PROJECT}-local")
        world.tags.clear()


def _strangers(world: ModelWorld, engine: ModelEngine, number: int) -> None:
    """Let others make containers with names and labels much like ours."""
    name = NAMES[number % len(NAMES)]
    gone = [one for one in engine.containers if one.startswith(f"{PROJECT}-{name}-")]
    others = {LABEL_PROJECT: "other", LABEL_KIND: "WebApp", LABEL_NAME: name}
    half = {LABEL_KIND: "WebApp", LABEL_NAME: name}
    for stranger, labels in (
        (f"{PROJECT}-{name}", {}),
        (f"{PROJECT}-{name}-{number}", half),
        (f"other-{name}", others),
        *(((gone[0] + "-2"), half) for _ in gone[:1]),
    ):
        engine.containers.setdefault(
            stranger, ObservedContainer(stranger, stranger, "x", "exited", "", labels, world.clock)
        )
