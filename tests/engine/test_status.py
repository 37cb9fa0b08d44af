from __future__ import annotations

from collections.abc import Mapping

from support.model_world import ModelWorld
from support.planning import Wish, converge, question_of, wish_of
from support.steps import EMPTY, INPUTS, start

from gitops.engine.decide import Decision
from gitops.engine.reports.status import statuses
from gitops.model.address import Address
from gitops.model.conditions import Condition, Status, Truth
from gitops.model.observed import Observed
from gitops.model.plan import Plan, Step
from gitops.model.revisions import Hold
from gitops.model.routes import ServerHealth
from gitops.model.wanted import Blocked, Wanted
from gitops.plan.deploys.holds import hold_note
from gitops.plan.planner import make_plan

LOCAL = Address("Target", "local")
TWO = """
kind: WebApp
metadata: {name: shop}
spec: {image: {name: example.com/shop, tag: "1"}, replicas: 2}
"""


def ready(
    *steps: Step,
    in_sync: Mapping[Address, str] | None = None,
    blocked: Mapping[Address, Blocked] | None = None,
    suspended: Mapping[Address, str] | None = None,
) -> dict[str, Condition]:
    """Return the Ready condition of each resource of a decision with this plan."""
    plan = Plan("shop", steps, in_sync or {}, blocked or {}, suspended or {})
    wanted = Wanted("shop", frozenset(), (), (), (), (), {}, frozenset())
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


SHOP = "kind: WebApp\nmetadata: {name: shop}\nspec: {image: {name: example.com/a, tag: '1'}}"


def held_status(hold: Hold) -> Status:
    """Return the status of an app that this hold was put on, and that follows it."""
    wish: Wish = wish_of(SHOP, {})
    world = ModelWorld(("local",))
    converge(wish, world)
    notes = world.engines["local"].notes
    note = hold_note(notes, "shop", hold)
    notes[(note.topic, note.name)] = note
    converge(wish, world)
    question = question_of(wish, world)
    made = make_plan(question)
    decision = Decision(wish.bundle, wish.inputs, question.wanted, question.observed, made)
    return next(one for one in statuses(decision) if one.address == Address("WebApp", "shop"))


def test_held_is_ready_and_told() -> None:
    """What a person rolled back is ready, and says who did it, why and since when."""
    found = held_status(Hold("rollback", "anna", "it is bad", 0.0, "", 3))
    told = "held: rolled back to revision 3 by anna: it is bad, since 1970-01-01 00:00:00 UTC"
    assert found.ready == Condition("Ready", Truth.TRUE, "Held", told)
    assert found.held is not None
    assert found.held.revision == 3


def test_stopped_is_not_available() -> None:
    """What a person stopped is not available, and says who did it, why and since when."""
    found = held_status(Hold("stop", "anna", "a move", 0.0, ""))
    told = "held: stopped by anna: a move, since 1970-01-01 00:00:00 UTC"
    assert found.ready == Condition("Ready", Truth.FALSE, "Stopped", told)


def test_replica_that_fails_its_checks_is_named() -> None:
    """Who fails the gateway's checks is said, and does not count among those that serve."""
    wish, world = wish_of(TWO, {}), ModelWorld(("local",))
    converge(wish, world)
    question = question_of(wish, world)
    made = make_plan(question)
    names = sorted(one for one in world.engines["local"].containers if "-shop-" in one)

    def told(*ill: str) -> str:
        servers = tuple(
            ServerHealth(
                "shop",
                name,
                up=name not in ill,
                seconds=2.0,
                why="HTTP status 404",
                requests=0,
                errors=0,
                open=0,
                milliseconds=0.0,
            )
            for name in names
        )
        observed = question.observed._replace(health={"local": servers})
        decision = Decision(wish.bundle, wish.inputs, question.wanted, observed, made)
        (found,) = (one for one in statuses(decision) if str(one.address) == "WebApp/shop")
        return found.conditions[-1].message

    one, two = names
    assert told() == f"{one}, {two} serve it"
    assert told(one) == f"{two} serves it; {one} fails its checks: HTTP status 404"
    bad = "; ".join(f"{name} fails its checks: HTTP status 404" for name in names)
    assert told(one, two) == f"{one}, {two} serve it; {bad}", "while none is well, all are asked"
