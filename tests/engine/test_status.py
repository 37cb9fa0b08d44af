from __future__ import annotations

from collections.abc import Mapping

from support.steps import EMPTY, INPUTS, start

from gitops.engine.decide import Decision
from gitops.engine.status import statuses
from gitops.model.address import Address
from gitops.model.conditions import Condition, Truth
from gitops.model.observed import Observed
from gitops.model.plan import Plan, Step
from gitops.model.wanted import Blocked, Wanted

LOCAL = Address("Target", "local")


def ready(
    *steps: Step,
    in_sync: Mapping[Address, str] | None = None,
    blocked: Mapping[Address, Blocked] | None = None,
    suspended: Mapping[Address, str] | None = None,
) -> dict[str, Condition]:
    """Return the Ready condition of each resource of a decision with this plan."""
    plan = Plan("shop", steps, in_sync or {}, blocked or {}, suspended or {})
    wanted = Wanted("shop", frozenset(), (), (), (), (), {}, {}, frozenset())
    decision = Decision(EMPTY, INPUTS, wanted, Observed({}, {}, {}), plan)
    return {str(status.address): status.ready for status in statuses(decision)}


def test_in_sync_is_ready() -> None:
    """What is in sync is ready, and says what it is."""
    found = ready(in_sync={LOCAL: "serves 1 route"})["Target/local"]
    assert found == Condition("Ready", Truth.TRUE, "Ready", "serves 1 route")


def test_step_makes_it_out_of_sync() -> None:
    """What has a step is not ready, for the cause of its first step."""
    found = ready(start(1, address=LOCAL))["Target/local"]
    assert found == Condition("Ready", Truth.FALSE, "OutOfSync", "a test")


def test_unreachable_is_unknown() -> None:
    """What could not be looked at is unknown, not false."""
    found = ready(blocked={LOCAL: Blocked("EngineUnreachable", "no answer")})["Target/local"]
    assert found == Condition("Ready", Truth.UNKNOWN, "EngineUnreachable", "no answer")


def test_blocked_is_false() -> None:
    """What cannot be done is false, with the reason and message of what is in the way."""
    found = ready(blocked={LOCAL: Blocked("SecretMissing", "no TOKEN", fatal=True)})["Target/local"]
    assert found == Condition("Ready", Truth.FALSE, "SecretMissing", "no TOKEN")


def test_suspended_is_unknown() -> None:
    """What is suspended is not looked at, and says so."""
    found = ready(suspended={LOCAL: "suspend is set"})["Target/local"]
    assert (found.status, found.reason) == (Truth.UNKNOWN, "Suspended")


def test_leftover_has_a_status() -> None:
    """What is no longer declared and still has to be removed is listed too."""
    found = ready(start(1, address=Address("WebApp", "old")))
    assert found["WebApp/old"].reason == "OutOfSync"
