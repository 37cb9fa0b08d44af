from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from gitops.engine.deploys.diagnosis import diagnose
from gitops.model.probing import Fault, GateReport, Listener, Trouble
from gitops.model.webapp import Health

HEALTH = Health("/ready", ((200, 299),), interval=1.0, timeout=5.0, deadline=30.0, stable_for=5.0)
ENDED = GateReport("shop-1", ended=True, seconds=0.2, attempts=1, port=8000, exit_code=1)
LATE = GateReport("shop-1", ended=False, seconds=30.0, attempts=40, port=8000)
REFUSED = Trouble("connection refused", Fault.REFUSED)


def late(trouble: Trouble | None, **facts: object) -> GateReport:
    """Return a report of a container that ran until the deadline."""
    return LATE._replace(first=trouble, last=trouble)._replace(**facts)


def status(code: int) -> GateReport:
    """Return a report of one that answers with a status."""
    return late(Trouble(f"GET /ready answered {code}", Fault.STATUS, code))


class Said(NamedTuple):
    """A report, and words of its cause and of what to do."""

    report: GateReport
    cause: str
    todo: str


CASES: Mapping[str, Said] = {
    "exits at once": Said(
        ENDED._replace(log=("starting", "no such database", "")),
        "it exits at once with exit code 1; its log says: no such database",
        "correct what its log complains about",
    ),
    "exits later": Said(
        ENDED._replace(seconds=3.04, exit_code=9), "it exits 3 s after its start with exit code 9",
        "correct",
    ),
    "ends well": Said(
        ENDED._replace(exit_code=0), "with exit code 0, as if its work were done", "foreground"
    ),
    "out of memory": Said(
        ENDED._replace(oom=True, exit_code=137, memory=32 << 20),
        "it took more than its limit of 32Mi",
        "raise resources.memory",
    ),
    "out of the machine's memory": Said(
        ENDED._replace(oom=True, exit_code=137), "more than what the machine has", "memory"
    ),
    "a child is out of memory": Said(
        late(REFUSED, oom=True, memory=1 << 30), "its limit of 1Gi", "resources.memory"
    ),
    "missing variable": Said(
        ENDED._replace(log=("KeyError: 'API_KEY'",)),
        "its log says that the environment variable API_KEY is missing; its log says: KeyError",
        "set API_KEY in spec.env",
    ),
    "killed, under a limit": Said(
        ENDED._replace(exit_code=137, memory=32 << 20),
        "most likely it took more than its limit of 32Mi",
        "raise resources.memory",
    ),
    "killed": Said(ENDED._replace(exit_code=137), "ended by SIGKILL", "something killed it"),
    "crashed": Said(ENDED._replace(exit_code=139), "ended by SIGSEGV", "crashed"),
    "port in use": Said(
        ENDED._replace(log=("bind: address already in use",)), "a port in its container", "sidecar"
    ),
    "not found": Said(
        ENDED._replace(exit_code=127, log=("sh: gunicorn: not found",)),
        "its command cannot be run: a program in it is not found (exit code 127); its log says: sh",
        "spec.command",
    ),
    "not executable": Said(
        ENDED._replace(exit_code=126, log=("sh: ./run: Permission denied",)),
        "may not be executed (exit code 126)",
        "spec.command",
    ),
    "another machine": Said(
        ENDED._replace(log=("exec /app: exec format error",)), "processor architecture", "platform"
    ),
    "another port": Said(
        late(REFUSED, listeners=(Listener(3000, loopback=False),)),
        "nothing listens on port 8000, but it listens on port 3000",
        "set spec.port to 3000, or let the app listen on 8000",
    ),
    "other ports": Said(
        late(REFUSED, listeners=(Listener(80, loopback=False), Listener(81, loopback=False))),
        "it listens on the ports 80, 81",
        "set spec.port to the right one",
    ),
    "for itself alone": Said(
        late(REFUSED, listeners=(Listener(8000, loopback=True),)),
        "for itself alone (127.0.0.1)",
        "0.0.0.0",
    ),
    "exposed port": Said(
        late(REFUSED, exposes=(3000,)), "but its image exposes port 3000", "set spec.port to 3000"
    ),
    "port unknown": Said(
        late(REFUSED, exposes=(8000,)),
        "nothing listens on port 8000 after 30 s: it listens on another port, or it starts too",
        "compare the port in its log with spec.port",
    ),
    "too slow to listen": Said(
        late(REFUSED, listeners=()), "it listens on no port after 30 s", "raise health.deadline"
    ),
    "firewalled": Said(
        late(Trouble("silent", Fault.SILENT), listeners=(Listener(8000, loopback=False),)),
        "it takes no connection on port 8000",
        "firewall",
    ),
    "hangs": Said(
        late(Trouble("no answer", Fault.HUNG)),
        "it hangs: it takes connections on port 8000 and does not answer /ready within 5 s",
        "what it waits for",
    ),
    "not HTTP": Said(late(Trouble("broke", Fault.BROKEN)), "is not HTTP", "health.tcp"),
    "too slow to be ready": Said(
        status(503)._replace(first=REFUSED),
        "/ready still answered 503 after 30 s (at first nothing listened)",
        "raise health.deadline (now 30 s)",
    ),
    "an error of its own": Said(status(500), "an error of its own: status 500", "its log"),
    "no such page": Said(status(404), "it has no page /ready", "health.path"),
    "login": Said(status(401), "asks for a login", "needs no login"),
    "elsewhere": Said(status(302), "elsewhere with status 302", "health.statuses"),
    "health command": Said(
        late(Trouble("fails", Fault.COMMAND, said="no socket")),
        "its health command (the HEALTHCHECK of its image) fails; it says: no socket",
        "by hand",
    ),
    "health command too late": Said(
        late(Trouble("not yet", Fault.STARTING)), "did not succeed within 30 s", "health.deadline"
    ),
    "never long enough": Said(late(None, was_well=True), "not for 5 s", "health.stableFor"),
    "anything else": Said(late(Trouble("the moon is full")), "the moon is full", "log"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_cause_in_plain_words(name: str) -> None:
    """Each way to fail has a sentence that names the cause, and one that says what to do."""
    said = CASES[name]
    found = diagnose(said.report, HEALTH)
    assert said.cause in found.cause
    assert said.todo in found.todo
    assert "\n" not in found.cause + found.todo
