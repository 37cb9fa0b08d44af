"""Examines this machine, its engines, and what a project needs of them. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from gitops.drivers.builders.choice import choose_builder, programs
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.facts import engine_facts
from gitops.drivers.machine import may_write, space_at, version_of
from gitops.drivers.redact import Redactor
from gitops.engine.looks import checkup
from gitops.model.bundle import Bundle
from gitops.model.checkup import EngineFacts, Finding, Grade, Verdict
from gitops.model.resources import Target
from gitops.plan.wanted import default_target
from gitops.settings import Settings
from gitops.spec.decode.place import LOCAL
from gitops.wiring.needs import needs_of
from gitops.wiring.worlds import registry_auths

LIMIT = 8.0
"""Seconds for all looks at engines together, and again for all that needs their answers."""

BUILDER_LIMIT = 25.0
"""Seconds until every docker CLI has to have said what it can."""

_UNSEEN = Verdict(
    Grade.WARNING,
    "builder, gateway, images, clock and disk were not looked at",
    "run this again when the engine answers",
)

Check = Callable[[], Verdict]


class _Patient(NamedTuple):
    settings: Settings
    specs: Bundle
    facts: Mapping[str, EngineFacts]

    def name(self, what: str, target: str) -> str:
        """Return what a check is called; the target is named where there are several."""
        return f"{what} {target}" if len(self.specs.targets) > 1 else what


def examine(settings: Settings, bundle: Bundle | None, limit: float = LIMIT) -> Iterator[Finding]:
    """Give what was found, engines first; without a bundle, of this machine alone.

    Takes at most BUILDER_LIMIT and twice `limit` seconds, whatever hangs.
    """
    specs = bundle or Bundle("", {LOCAL.address: LOCAL}, {}, ())
    looks = checkup.bounded(
        {target.address.name: _look(target, settings) for target in specs.targets}, limit
    )
    facts = {name: look for name, look in looks.items() if isinstance(look, EngineFacts)}
    patient = _Patient(settings, specs, facts)
    for name, look in looks.items():
        engine = checkup.engine(look) if isinstance(look, EngineFacts) else checkup.judged(look)
        yield Finding(patient.name("engine", name), engine)
        if name not in facts:
            yield Finding(patient.name("on the engine", name), _UNSEEN)
    home = default_target(specs)
    if home.address.name in facts and (specs.tasks or bundle is None):
        yield from _run({"builder": lambda: _builder(patient, home)}, BUILDER_LIMIT)
    checks = {**needs_of(settings, specs, facts), **_engines(patient), **_machine(settings)}
    yield from _run(checks, limit)


def _run(checks: Mapping[str, Check], limit: float) -> Iterator[Finding]:
    for name, answer in checkup.bounded(checks, limit).items():
        yield Finding(name, checkup.judged(answer))


def _look(target: Target, settings: Settings) -> Callable[[], EngineFacts]:
    address = target.engine or settings.engine
    return lambda: engine_facts(connect_engine(address, settings.environ), address)


def _builder(patient: _Patient, home: Target) -> Verdict:
    auths = registry_auths(patient.specs, patient.settings)
    address = patient.facts[home.address.name].address
    endpoint = Endpoint(address, auths, patient.settings.environ)
    redact = Redactor([secret for _, secret in auths.values()])
    builder = choose_builder(endpoint, patient.settings.builder, redact)
    if builder.warning:
        found, _, mend = builder.warning.rpartition("; ")
        return Verdict(Grade.WARNING, f"{builder.name}: {found}", mend)
    return Verdict(Grade.OK, builder.name)


def _engines(patient: _Patient) -> dict[str, Check]:
    """Return the checks that need no more than what an engine has told."""
    checks: dict[str, Check] = {}
    for name, facts in patient.facts.items():
        checks[patient.name("clock", name)] = _clock(facts)
        if facts.root and urlsplit(facts.address).scheme == "unix":
            checks[patient.name("disk engine", name)] = _disk(Path(facts.root))
    return checks


def _clock(facts: EngineFacts) -> Check:
    return lambda: checkup.clock(facts)


def _disk(folder: Path) -> Check:
    return lambda: checkup.disk(str(folder), space_at(folder))


def _machine(settings: Settings) -> dict[str, Check]:
    return {
        "disk state": _disk(settings.state),
        "disk cache": _disk(settings.cache),
        "state folder": lambda: _writable(settings.state, "GITOPS_STATE"),
        "cache folder": lambda: _writable(settings.cache, "GITOPS_CACHE"),
        "git": lambda: Verdict(Grade.OK, version_of("git")),
        "docker CLI": lambda: _clients(settings),
    }


def _writable(folder: Path, variable: str) -> Verdict:
    if may_write(folder):
        return Verdict(Grade.OK, f"{folder} can be written")
    mend = f"make it writable for this user, or set {variable} to a folder that is"
    return Verdict(Grade.FAILED, f"{folder} cannot be written", mend)


def _clients(settings: Settings) -> Verdict:
    found = programs(settings.environ.get("PATH", ""))
    if not found:
        mend = "install one with its buildx plugin (docker-buildx) to build with BuildKit"
        return Verdict(Grade.WARNING, "there is none on the PATH", mend)
    return Verdict(Grade.OK, "; ".join(f"{program}: {version_of(program)}" for program in found))
