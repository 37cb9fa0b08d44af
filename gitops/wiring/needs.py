"""Examines what a project needs: registries, gateways, and the images of both and of apps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from gitops.drivers.base import GatewayReader
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.drivers.machine import port_is_free
from gitops.drivers.registry.oci import OciRegistry
from gitops.drivers.secret_reader import LocalSecretReader
from gitops.engine.looks import checkup
from gitops.model.address import Address
from gitops.model.bundle import Bundle
from gitops.model.checkup import EngineFacts, Grade, Holder, Verdict
from gitops.model.image import ImageRef, parse_image, registry_of
from gitops.model.outcomes import Found, Unreachable
from gitops.model.resources import Registry, Target
from gitops.model.webapp import NamedImage
from gitops.plan.wanted import default_target
from gitops.settings import Settings
from gitops.spec.decode.place import DEFAULT_REGISTRY, LOCAL
from gitops.wiring.worlds import registry_auths

_LOCAL = ("", "unix")
_FOUND = 200


class _Needs(NamedTuple):
    settings: Settings
    specs: Bundle
    facts: Mapping[str, EngineFacts]
    client: OciRegistry


def needs_of(
    settings: Settings, specs: Bundle, facts: Mapping[str, EngineFacts]
) -> dict[str, Callable[[], Verdict]]:
    """Return a check for each registry, gateway and image; none of an engine without facts."""
    needs = _Needs(settings, specs, facts, OciRegistry(registry_auths(specs, settings)))
    checks: dict[str, Callable[[], Verdict]] = {}
    for registry in specs.registries:
        checks[str(registry.address)] = _registry(needs, registry)
    for target in specs.targets:
        if target.address.name in facts and any(a.target == target.address for a in specs.apps):
            checks[f"gateway of {target.address}"] = _gateway(needs, target)
    for name, image in sorted({found for found in _images(needs) if found[0] in facts}):
        checks[f"image {image}" if len(facts) == 1 else f"image {image} {name}"] = _image(
            needs, facts[name], image
        )
    return checks


def _registry(needs: _Needs, registry: Registry) -> Callable[[], Verdict]:
    def check() -> Verdict:
        if registry.credentials is not None:
            _, errors = LocalSecretReader(needs.settings.environ).read(
                [registry.credentials.password]
            )
            if errors:
                why = ", ".join(errors.values())
                return Verdict(Grade.FAILED, f"its password cannot be read: {why}")
        seen = needs.client.lets_in(registry.server)
        if isinstance(seen, Found):
            return _let_in(registry, accepted=seen.value)
        why = seen.why if isinstance(seen, Unreachable) else "it is not there"
        if registry.managed is not None:
            return _no_registry(needs, registry, why)
        mend = "start it, or correct spec.server; is a proxy or a firewall in between?"
        return Verdict(Grade.FAILED, why, mend)

    return check


def _let_in(registry: Registry, *, accepted: bool) -> Verdict:
    user = registry.credentials.username if registry.credentials else ""
    if accepted:
        tail = f" and accepts the credentials of {user}" if user else ""
        return Verdict(Grade.OK, f"{registry.server} answers{tail}")
    if user:
        found = f"{registry.server} refuses the credentials of {user}"
        return Verdict(Grade.FAILED, found, "check spec.credentials")
    return Verdict(Grade.FAILED, f"{registry.server} wants credentials", "set spec.credentials")


def _no_registry(needs: _Needs, registry: Registry, why: str) -> Verdict:
    facts = needs.facts.get(default_target(needs.specs).address.name)
    if facts is None:
        return Verdict(Grade.FAILED, why, "start its engine first")
    mine = _mine(needs, facts, registry.address)
    if mine is not None:
        return Verdict(Grade.FAILED, _state(mine, why), f"see `gitops logs {registry.address}`")
    bind, _, number = registry.server.rpartition(":")
    return _port(facts, "127.0.0.1" if bind == "localhost" else bind, int(number))


def _gateway(needs: _Needs, target: Target) -> Callable[[], Verdict]:
    facts = needs.facts[target.address.name]

    def check() -> Verdict:
        http = connect_engine(facts.address, needs.settings.environ)
        mine = _mine(needs, facts, target.address)
        if mine is None:
            return _port(facts, target.gateway.bind, target.gateway.http)
        if not mine.running:
            return Verdict(Grade.FAILED, _state(mine, ""), "`gitops reconcile` starts it")
        return _serving(DockerGatewayReader(http, facts.address), mine, target)

    return check


def _serving(reader: GatewayReader, mine: Holder, target: Target) -> Verdict:
    state = reader.state(mine.name)
    where = f"{target.gateway.bind}:{target.gateway.http}"
    if not state.served:
        mend = f"see `gitops logs {target.address}`; `gitops reconcile` mends it"
        return Verdict(Grade.FAILED, f"{mine.name} does not answer: {state.why}", mend)
    if state.routes is None or state.served != state.revision:
        found = f"{mine.name} does not serve the configuration that was written"
        return Verdict(Grade.FAILED, found, "`gitops reconcile` writes it anew")
    count = len(state.routes)
    routes = f"{count} route" + ("" if count == 1 else "s")
    return Verdict(Grade.OK, f"{mine.name} serves {routes} on {where}")


def _mine(needs: _Needs, facts: EngineFacts, owner: Address) -> Holder | None:
    mine = [
        one for one in facts.containers if one.owner == owner and one.project == needs.specs.project
    ]
    return max(mine, key=lambda one: one.running, default=None)


def _state(mine: Holder, why: str) -> str:
    if not mine.running:
        return f"its container {mine.name} does not run"
    return f"its container {mine.name} runs, but does not answer: {why}"


def _port(facts: EngineFacts, bind: str, number: int) -> Verdict:
    local = urlsplit(facts.address).scheme in _LOCAL
    return checkup.port(number, facts, free=not local or port_is_free(bind, number))


def _images(needs: _Needs) -> Iterator[tuple[str, str]]:
    """Give (target, image) for each image that the project does not make itself."""
    specs = needs.specs
    home = default_target(specs).address.name
    if not specs.project:
        yield from ((home, DEFAULT_REGISTRY), (home, LOCAL.gateway.image))
    for registry in specs.registries:
        if registry.managed is not None:
            yield home, registry.managed.image
    ours = {registry.server for registry in specs.registries if registry.managed}
    for app in specs.apps:
        target = specs.resources[app.target]
        if isinstance(target, Target):
            yield target.address.name, target.gateway.image
        if isinstance(app.image, NamedImage) and registry_of(app.image.name)[0] not in ours:
            yield app.target.name, str(ImageRef(*app.image))


def _image(needs: _Needs, facts: EngineFacts, name: str) -> Callable[[], Verdict]:
    image = parse_image(name)

    def check() -> Verdict:
        http = connect_engine(facts.address, needs.settings.environ)
        if http.call("GET", f"/images/{quote(name, safe='/:@')}/json").status == _FOUND:
            return Verdict(Grade.OK, "the engine has it")
        seen = needs.client.digest(image._replace(tag=image.digest or image.tag))
        if isinstance(seen, Found):
            return Verdict(Grade.OK, "not on the engine yet; its registry has it")
        why = seen.why if isinstance(seen, Unreachable) else "its registry has no such image"
        mend = f"`docker pull {name}` or `docker load` it; without Docker Hub: docs/air-gapped.md"
        return Verdict(Grade.FAILED, f"not on the engine, and {why}", mend)

    return check
