"""A small model of the world: engines, gateways and registries as values that actions change.

It has the rules that plans rely on (a name is given once, a stopped gateway switches nothing, a
container comes from an image that is there), and breaks with `Broken` where a plan ignores them.
It looks at itself through the observation code that looks at the real world.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from support.model_engine import PROJECT, Broken, File, ModelEngine, Unwell, digest_of

from gitops.engine.looks.observe import observe, observe_engines
from gitops.engine.ports import World
from gitops.model import actions as act
from gitops.model.bundle import Bundle
from gitops.model.certificates import Certificate
from gitops.model.image import ImageRef, registry_of
from gitops.model.notes import CERTIFICATE, Note
from gitops.model.observed import (
    LABEL_ADDRESS,
    LABEL_KIND,
    LABEL_PORT,
    Observed,
    ObservedContainer,
    owner_of,
)
from gitops.model.outcomes import Absent, Found, Observation, Unreachable
from gitops.model.routes import Server
from gitops.model.wanted import Wanted
from gitops.plan.certificates import OBTAINED
from gitops.plan.containers import owner_labels
from gitops.plan.deploys.revisions import history_note
from gitops.plan.encoding import encode
from gitops.plan.wanted import lookups


class ModelWorld:
    """Engines by target, and what the registries hold: tags by `repository:tag`."""

    def __init__(self, targets: tuple[str, ...] = ("local",)) -> None:
        self.engines = {target: ModelEngine() for target in targets}
        self.tags: dict[str, str] = {}
        self.unreachable_registries: dict[str, str] = {}
        self.clock = 1000
        self.certificates: dict[str, str] = {}
        self.bad_hooks: set[str] = set()
        self.unwell: set[str] = set()
        """Config hashes whose containers never become healthy."""

    def digests(self, images: list[ImageRef]) -> Mapping[str, Observation[str]]:
        """Look, as `RegistryClient` does."""
        found: dict[str, Observation[str]] = {}
        for image in images:
            why = self.unreachable_registries.get(registry_of(image.repository)[0], "")
            digest = self.tags.get(str(image))
            seen: Observation[str] = Found(digest) if digest else Absent(f"{image} is not there")
            found[str(image)] = Unreachable(str(image), why) if why else seen
        return found

    def observe(self, bundle: Bundle, wanted: Wanted) -> Observed:
        """Return what the pipeline would see."""
        sites = {
            target: SimpleNamespace(reader=engine, gateways=engine)
            for target, engine in self.engines.items()
        }
        world = cast("World", SimpleNamespace(sites=sites, registries=self))
        engines = observe_engines(bundle.project, cast("Any", sites))
        return observe(bundle, world, engines, wanted.gateways, sorted(lookups(wanted, bundle)))

    def apply(self, action: act.Action) -> None:
        """Do one action; raise `Unwell` at a gate that is not passed."""
        if isinstance(action, act.Tag):
            self._tag(action)
            return
        engine = self.engines[action.target]
        if engine.unreachable:
            raise Broken(f"{action} is for an engine that cannot be reached")
        getattr(self, _HANDLERS[type(action)])(engine, action)

    def _tag(self, action: act.Tag) -> None:
        if str(action.image) not in self.tags:
            raise Broken(f"{action.image} is tagged before it is in the registry")
        self._need_registry(action.image)
        self.tags[str(ImageRef(action.image.repository, action.tag))] = self.tags[str(action.image)]

    def _need_registry(self, image: ImageRef) -> None:
        host = registry_of(image.repository)[0]
        if host in self.unreachable_registries:
            raise Broken(f"{image} is pushed to a registry that cannot be reached")
        every = [found for engine in self.engines.values() for found in engine.containers.values()]
        if any(found.labels.get(LABEL_KIND) == "Registry" and found.running for found in every):
            return
        if host.startswith("localhost"):
            raise Broken(f"{image} is pushed before its registry runs")

    def _network(self, engine: ModelEngine, action: act.CreateNetwork) -> None:
        if action.name in engine.networks:
            raise Broken(f"network {action.name} is there already")
        engine.networks[action.name] = owner_labels(PROJECT, action.owner)

    def _volume(self, engine: ModelEngine, action: act.CreateVolume) -> None:
        engine.volumes.add(action.name)

    def _no_network(self, engine: ModelEngine, action: act.RemoveNetwork) -> None:
        owner = owner_of(engine.networks[action.name])
        ends = owner is not None and owner.kind == "Target"
        users = [one for one in engine.containers.values() if ends or one.owner == owner]
        if any(one.labels.get(LABEL_KIND) for one in users):
            raise Broken(f"network {action.name} is removed while containers are on it")
        del engine.networks[action.name]

    def _no_volume(self, engine: ModelEngine, action: act.RemoveVolume) -> None:
        engine.volumes.remove(action.name)

    def _build(self, engine: ModelEngine, action: act.Build) -> None:
        engine.images.add(str(action.image.ref))

    def _run_task(self, engine: ModelEngine, action: act.RunTask) -> None:
        if action.image.pushes:
            self._build(engine, act.Build(*action))
            self._push(engine, act.Push(action.target, action.image.ref))

    def _push(self, engine: ModelEngine, action: act.Push) -> None:
        if str(action.image) not in engine.images:
            raise Broken(f"{action.image} is pushed before it is built")
        self._need_registry(action.image)
        self.tags[str(action.image)] = digest_of(str(action.image))

    def _pull(self, engine: ModelEngine, action: act.Pull) -> None:
        if action.image.tag.startswith("gitops-") and str(action.image) not in self.tags:
            raise Broken(f"{action.image} is pulled before it is in the registry")
        engine.images.add(action.image.pinned)

    def _create(self, engine: ModelEngine, action: act.CreateContainer) -> None:
        wanted = action.container
        if wanted.name in engine.containers:
            raise Broken(f"the name {wanted.name} is taken")
        if wanted.network != "bridge" and wanted.network not in engine.networks:
            raise Broken(f"{wanted.name} is created before its network")
        if wanted.image.pinned not in engine.images:
            raise Broken(f"{wanted.name} is created before its image is there")
        if wanted.joins:
            self._one(engine, wanted.joins, "joined")
            engine.joined[wanted.name] = wanted.joins
        self.clock += 1
        labels = dict(wanted.labels)
        if action.port >= 0:
            worker = "worker" in wanted.image.repository
            labels[LABEL_PORT] = "none" if worker else str(action.port or 80)
        if wanted.owner.kind == "WebApp":
            labels[LABEL_ADDRESS] = f"10.0.{self.clock // 250}.{self.clock % 250}"
        engine.containers[wanted.name] = ObservedContainer(
            wanted.name, wanted.name, wanted.image.pinned, "created", "Created", labels, self.clock
        )
        if labels[LABEL_KIND] == "Target":
            engine.files[wanted.name] = File(None, "")

    def _one(self, engine: ModelEngine, name: str, why: str) -> ObservedContainer:
        if name not in engine.containers:
            raise Broken(f"container {name} is {why}, which is not there")
        return engine.containers[name]

    def _start(self, engine: ModelEngine, action: act.StartContainer) -> None:
        found = self._one(engine, action.container, "started")
        if found.state == "paused":
            raise Broken(f"{found.name} is started, which is paused")
        owner = engine.joined.get(found.name)
        if owner is not None and owner not in engine.containers:
            # The engine refuses: nobody could have known that a sidecar was there once.
            raise Unwell(found.name)
        if owner is not None and not engine.containers[owner].running:
            raise Broken(f"{found.name} is started before {owner}, whose network it shares")
        if not found.running:
            self.clock += 1
            engine.started[found.name] = self.clock
        engine.containers[found.name] = found._replace(state="running", status="Up")
        if found.name in engine.files:
            engine.served[found.name] = engine.files[found.name].revision

    def _serve(self, engine: ModelEngine, action: act.WaitService) -> None:
        if not self._one(engine, action.container, "waited for").running:
            raise Broken(f"{action.container} is waited for before it runs")

    def _gate(self, engine: ModelEngine, action: act.WaitHealthy) -> None:
        found = self._one(engine, action.server.container, "at the gate")
        if not found.running:
            raise Broken(f"{found.name} is at the gate before it runs")
        if found.labels.get(LABEL_PORT) != "none":
            engine.gateway()
        owner = engine.joined.get(found.name)
        if owner is not None and not engine.connected(found.name, owner):
            raise Broken(f"{found.name} shares a network that {owner} does not have any more")
        if found.config in self.unwell:
            raise Unwell(found.name)
        engine.proved.add(found.name)

    def _switch(self, engine: ModelEngine, action: act.SwitchRoutes) -> None:
        routes = engine.routes()
        for route in action.routes:
            servers = [self._server(engine, server) for server in route.servers]
            listening = tuple(sorted(one for one in servers if one.port >= 0))
            if servers and not listening:
                continue
            certificate = route.rules.certificate
            if certificate == OBTAINED:
                certificate = self.certificates[route.app]
            rules = route.rules._replace(certificate=certificate)
            routes[route.app] = route._replace(servers=listening, rules=rules)
        if routes != engine.routes():
            engine.write(engine.gateway(), tuple(sorted(routes.values())))

    def _server(self, engine: ModelEngine, server: Server) -> Server:
        found = self._one(engine, server.container, "routed to")
        label = found.labels[LABEL_PORT]
        if label != "none" and not found.running:
            raise Broken(f"{found.name} is routed to, and does not run")
        port = -1 if label == "none" else int(label)
        return Server(found.name, port, found.labels[LABEL_ADDRESS])

    def _obtain(self, engine: ModelEngine, action: act.ObtainCertificate) -> None:
        engine.gateway()
        self.clock += 1
        name = f"certificate-{self.clock}"
        self.certificates[action.app.name] = name
        certificate = Certificate(name, action.hosts, 0, 10**10, action.source)
        engine.keep(Note(CERTIFICATE, action.app.name, self.clock, encode(certificate)))

    def _hook(self, engine: ModelEngine, action: act.RunHook) -> None:
        if action.container.image.pinned not in engine.images:
            raise Broken(f"hook {action.container.name} runs before its image is there")
        if action.container.config in self.bad_hooks:
            raise Unwell(action.container.name)

    def _keep(self, engine: ModelEngine, action: act.KeepRevision) -> None:
        kept = (action.revision, *action.older)
        note = history_note(action.app.name, kept)._replace(version=action.version)
        engine.keep(note)

    def _note(self, engine: ModelEngine, action: act.WriteNote) -> None:
        engine.keep(action.note)

    def _erase(self, engine: ModelEngine, action: act.EraseNote) -> None:
        engine.notes.pop((action.topic, action.name), None)

    def _cut(self, engine: ModelEngine, action: act.RemoveRoute) -> None:
        routes = {app: route for app, route in engine.routes().items() if app != action.app}
        engine.write(engine.gateway(), tuple(sorted(routes.values())))

    def _restore(self, engine: ModelEngine, action: act.RestoreGateway) -> None:
        self._one(engine, action.container, "configured")
        engine.write(action.container, action.routes)

    def _drain(self, engine: ModelEngine, _action: act.Drain) -> None:
        engine.gateway()

    def _stop(self, engine: ModelEngine, action: act.StopContainer) -> None:
        found = self._one(engine, action.container, "stopped")
        self._no_users(engine, found.name, "stopped")
        engine.containers[found.name] = found._replace(state="exited", status="Exited (0)")

    def _remove(self, engine: ModelEngine, action: act.RemoveContainer) -> None:
        self._one(engine, action.container, "removed")
        self._no_users(engine, action.container, "removed")
        engine.forget(action.container)

    def _no_users(self, engine: ModelEngine, name: str, what: str) -> None:
        for user, owner in engine.joined.items():
            if owner == name and engine.containers[user].running:
                raise Broken(f"{name} is {what} while {user} uses its network")


_HANDLERS: Mapping[type[object], str] = {
    act.CreateNetwork: "_network",
    act.CreateVolume: "_volume",
    act.RemoveNetwork: "_no_network",
    act.RemoveVolume: "_no_volume",
    act.Build: "_build",
    act.RunTask: "_run_task",
    act.Push: "_push",
    act.Pull: "_pull",
    act.CreateContainer: "_create",
    act.StartContainer: "_start",
    act.WaitService: "_serve",
    act.WaitHealthy: "_gate",
    act.SwitchRoutes: "_switch",
    act.ObtainCertificate: "_obtain",
    act.RunHook: "_hook",
    act.KeepRevision: "_keep",
    act.WriteNote: "_note",
    act.EraseNote: "_erase",
    act.RemoveRoute: "_cut",
    act.RestoreGateway: "_restore",
    act.Drain: "_drain",
    act.StopContainer: "_stop",
    act.RemoveContainer: "_remove",
}
