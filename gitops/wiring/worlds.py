"""Builds the world that a bundle lives in: engines, gateways, registries, sources, secrets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeVar

from gitops.drivers.base import (
    Attester,
    Builder,
    CertificateIssuer,
    Engine,
    GatewayWriter,
    TaskEngine,
)
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.events import DockerEvents
from gitops.drivers.engine.http import EngineHttp, Observer, unobserved
from gitops.drivers.engine.lease import VolumeLease
from gitops.drivers.engine.notes import VolumeNotes
from gitops.drivers.engine.reader import DockerEngineReader
from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.drivers.processes import is_alive
from gitops.drivers.registry.http import OciHttp
from gitops.drivers.registry.oci import OciRegistry
from gitops.drivers.secret_reader import LocalSecretReader
from gitops.drivers.sources.reader import Sources
from gitops.engine.ports import Site, World
from gitops.model.bundle import Bundle
from gitops.model.outcomes import Observation
from gitops.model.secret import Secret
from gitops.settings import Settings
from gitops.wiring.first_look import EarlyEngineReader, EarlyGatewayReader, FirstLook
from gitops.wiring.task_memory import open_queue
from gitops.wiring.task_tools import task_tools

T = TypeVar("T")
Auths = Mapping[str, tuple[str, Secret]]


def open_world(
    bundle: Bundle,
    settings: Settings,
    observer: Observer = unobserved,
    first: FirstLook | None = None,
) -> World:
    """Return the world of `bundle`; nothing is asked of it yet.

    `observer` is told of every call to an engine: its method and path. `first` is a look that was
    begun earlier: the first to look at that engine is given what it saw.
    """
    auths = registry_auths(bundle, settings)
    sites = {
        target.address.name: _early(
            _site(target.engine or settings.engine, auths, settings, observer),
            first if (target.engine or settings.engine) == settings.engine else None,
        )
        for target in bundle.targets
    }
    return World(
        sources=Sources(settings.cache),
        secrets=LocalSecretReader(settings.environ),
        registries=OciRegistry(auths),
        sites=sites,
        clock=time.time,
        bases=_Bases(settings.cache, auths),
        queue=open_queue(settings),
        tools=task_tools(settings.cache),
    )


class _Bases(NamedTuple):
    """Follows base images, by what is loaded only once a task builds on any."""

    cache: Path
    auths: Auths

    def look(self, images: Iterable[str], own: frozenset[str]) -> Mapping[str, Observation[str]]:
        """Return the digest of each image's tag; see `BaseFollower`."""
        from gitops.drivers.registry.base_digests import (  # noqa: PLC0415 - for Dockerfiles only
            HURRIED,
            BaseDigests,
            Fate,
        )
        from gitops.drivers.registry.digest_memory import DigestMemory  # noqa: PLC0415 - the same

        asking = OciRegistry(self.auths, OciHttp(patience=HURRIED))
        fate = Fate(time.time, random.random)
        return BaseDigests(DigestMemory(self.cache), asking, fate).look(images, own)


def registry_auths(bundle: Bundle, settings: Settings) -> Auths:
    """Return the credentials of registries by server; one that cannot be read is left out.

    The look at the inputs finds the same secret missing, and says so where it can be seen.
    """
    reader = LocalSecretReader(settings.environ)
    auths = {}
    for registry in bundle.registries:
        if registry.credentials is not None:
            values, _ = reader.read([registry.credentials.password])
            password = values.get(registry.credentials.password)
            if password is not None:
                auths[registry.server] = (registry.credentials.username, password)
    return auths


def _early(site: Site, first: FirstLook | None) -> Site:
    if first is None:
        return site
    return site._replace(
        reader=EarlyEngineReader(first, site.reader),
        gateways=EarlyGatewayReader(first, site.gateways),
    )


def _site(address: str, auths: Auths, settings: Settings, observer: Observer) -> Site:
    http = connect_engine(address, settings.environ, observer)
    gateways = DockerGatewayReader(http, address)
    engine = _once(lambda: _engine(address, auths, settings, observer))
    return Site(
        reader=DockerEngineReader(http),
        gateways=gateways,
        leases=VolumeLease(http, is_alive),
        notes=VolumeNotes(http),
        watcher=DockerEvents(http),
        engine=engine,
        gateway=_once(lambda: _gateway(engine(), http, gateways)),
        builder=_once(lambda: _builder(http, address, auths, settings)),
        certificates=_once(lambda: _issuer(settings)),
        tasks=_once(lambda: _tasks(http, address, auths, settings, observer)),
        attester=_once(lambda: _attester(engine(), address, auths, settings)),
    )


def _engine(address: str, auths: Auths, settings: Settings, observer: Observer) -> Engine:
    from gitops.drivers.engine.sdk_client import SdkClient  # noqa: PLC0415 - the same
    from gitops.drivers.engine.writer import DockerEngine  # noqa: PLC0415 - the SDK: 110 ms

    return DockerEngine(SdkClient(address, settings.environ, observer), auths)


def _gateway(engine: Engine, http: EngineHttp, reader: DockerGatewayReader) -> GatewayWriter:
    from gitops.drivers.gateway.writer import DockerGateway  # noqa: PLC0415 - Jinja2: 60 ms

    return DockerGateway(engine, http, reader)


def _builder(http: EngineHttp, address: str, auths: Auths, settings: Settings) -> Builder:
    from gitops.drivers.builders.choice import choose_builder  # noqa: PLC0415 - the same
    from gitops.drivers.builders.docker_config import Endpoint  # noqa: PLC0415 - the same
    from gitops.drivers.builders.habit import Habit, pace  # noqa: PLC0415 - only for a build
    from gitops.drivers.builders.prune import tidy  # noqa: PLC0415 - the same
    from gitops.drivers.redact import Redactor  # noqa: PLC0415 - the same

    redact = Redactor([secret for _, secret in auths.values()])
    endpoint = Endpoint(address, auths, settings.environ)
    chosen = choose_builder(endpoint, settings.builder, redact, settings.cache)
    return tidy(chosen, http, settings.build_cache, Habit(pace(settings.cache, address)))


def _tasks(
    http: EngineHttp, address: str, auths: Auths, settings: Settings, observer: Observer
) -> TaskEngine:
    from gitops.drivers.builders.docker_config import Endpoint  # noqa: PLC0415 - only for a run of a task
    from gitops.drivers.tasks.engine import DockerTaskEngine  # noqa: PLC0415 - the same

    return DockerTaskEngine(http, Endpoint(address, auths, settings.environ), observer)


def _attester(engine: Engine, address: str, auths: Auths, settings: Settings) -> Attester:
    from gitops.drivers.engine.sdk_client import SdkClient  # noqa: PLC0415 - the same
    from gitops.drivers.registry.attester import OciAttester  # noqa: PLC0415 - few tasks ask for it

    return OciAttester(auths, SdkClient(address, settings.environ), engine)


def _issuer(settings: Settings) -> CertificateIssuer:
    from gitops.drivers.certificates.issuer import Issuer  # noqa: PLC0415 - few apps ask for TLS

    return Issuer(LocalSecretReader(settings.environ))


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """Return a function that makes the thing at its first call, whichever thread that is."""
    made: list[T] = []
    lock = Lock()

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return get
